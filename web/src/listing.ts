// What lies in the stores.
import { api } from './address'
import { askJSON } from './problem'

export interface Entry {
  at: string // STORE/KEY; folders end in a slash
  folder: boolean
  size?: number
  modified?: string
  note?: string
}

interface Page {
  objects: { key: string; size: number; modified?: string }[]
  prefixes: string[]
  cursor?: string
}

const most = 5000 // entries on a page

export interface Listing {
  list: Entry[]
  more: boolean
}

export async function stores(signal: AbortSignal): Promise<Listing> {
  const { stores } = await askJSON<{ stores: { name: string; writable: boolean }[] }>(api('stores'), { signal })
  const list = stores.map(({ name, writable }) => ({ at: `${name}/`, folder: true, note: writable ? 'writable' : '' }))
  return { list, more: false }
}

// pages reads pages of a list until there are enough entries that are wanted.
async function pages(folder: string, delimiter: string, wanted: (at: string) => boolean, signal: AbortSignal): Promise<Listing> {
  const slash = folder.indexOf('/')
  const store = slash < 0 ? folder : folder.slice(0, slash)
  const prefix = slash < 0 ? '' : folder.slice(slash + 1)
  const list: Entry[] = []
  let cursor: string | undefined
  for (let round = 0; round < 20; round++) {
    const found = await askJSON<Page>(api(`stores/${encodeURIComponent(store)}`, { prefix, delimiter, cursor }), { signal })
    list.push(...found.prefixes.map((p) => ({ at: `${store}/${p}`, folder: true })))
    list.push(...found.objects.map(({ key, ...rest }) => ({ at: `${store}/${key}`, folder: false, ...rest })).filter((e) => wanted(e.at) && e.at !== folder))
    cursor = found.cursor
    if (!cursor || list.length >= most) break
  }
  return { list, more: cursor !== undefined }
}

export const folder = (at: string, signal: AbortSignal) => pages(at, '/', () => true, signal)

// search finds names in a folder and below it; in all stores where it is ''.
export async function search(at: string, text: string, signal: AbortSignal): Promise<Listing> {
  const words = text.toLowerCase().split(/\s+/)
  const wanted = (name: string) => words.every((word) => name.slice(at.length).toLowerCase().includes(word))
  const places = at === '' ? (await stores(signal)).list.map((s) => s.at) : [at]
  const found = await Promise.all(places.map((place) => pages(place, '', wanted, signal)))
  return { list: found.flatMap((f) => f.list), more: found.some((f) => f.more) }
}
