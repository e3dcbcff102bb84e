// Hands what Python found to the map: a message without the map's scripts, which need not be sent again.

const maps = (globalThis.__cutwiseMaps ??= new Map())

export default function ({ data }) {
  const slot = maps.get(data.name) ?? {}
  maps.set(data.name, Object.assign(slot, { found: data.found }))
  slot.receive?.(data.found)
}
