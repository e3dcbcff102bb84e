// Takes a value that is let go where it was held last to Python, whose answer says only that it was taken.
export default function ({ data, setStateValue }) {
  window.cutwiseSettle = outbox => setStateValue("outbox", outbox)
  const desk = window.cutwiseDesk
  desk?.taken(data.taken[desk.client] ?? 0)
}
