// Hands the state of a drawing to its viewer: a small message, so that the viewer's own need not be sent again.

const viewers = (globalThis.__cutwiseViewers ??= new Map())

export default function ({ data }) {
  const slot = viewers.get(data.name) ?? {}
  viewers.set(data.name, Object.assign(slot, { state: data.state }))
  slot.receive?.(data.state)
}
