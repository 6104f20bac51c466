// What H5Web reads, through a fetcher that knows the size of a read before it is sent. Too big a picture would be drawn
// wrong, and too long a line would hang the page; neither is asked for then.
import { createBasicFetcher, type Fetcher } from '@h5web/app'
import { here } from './address'
import { problemOf } from './problem'
import { elements, left, parse } from './selection.js'
import { count, shape as named } from './units'

export interface Type {
  class: number // of HDF5
  dtype: string
  size: number
  base?: Type
  members?: ({ name: string } & Type)[] | Record<string, number>
}

// Entity is what h5grove tells of a path.
export interface Entity {
  kind: string
  name: string
  shape?: number[] | null
  type?: Type
  chunks?: number[] | null
  filters?: { id: number; name: string }[] | null
  attributes?: { name: string }[]
  children?: Entity[]
}

export const mostOfPicture = 16 << 20
export const mostOfLine = 1 << 20
const mostOfText = 1 << 20

const numeric = new Set([0, 1, 4, 8])

export const isNumeric = (type: Type | undefined) => type !== undefined && (numeric.has(type.class) || isComplex(type))

function isComplex(type: Type) {
  return type.class === 6 && Array.isArray(type.members) && type.members.map((m) => m.name).join() === 'r,i'
}

let widest: number | undefined

// widestTexture is how wide a picture the graphics card draws; there is no limit where there is no card.
export function widestTexture() {
  if (widest === undefined) {
    const gl = document.createElement('canvas').getContext('webgl2')
    widest = gl ? (gl.getParameter(gl.MAX_TEXTURE_SIZE) as number) : Infinity
    gl?.getExtension('WEBGL_lose_context')?.loseContext()
  }
  return widest
}

// tooBig says why a read is not handed to H5Web, or ''.
export function tooBig(entity: Entity, selection: string) {
  if (!entity.shape) return ''
  const members = parse(selection, entity.shape)
  const n = elements(members)
  const axes = left(members)
  const number = isNumeric(entity.type)
  const picture = number && (axes.length === 2 || (axes.length === 3 && axes[2] <= 4))
  const wide = Math.max(...axes.slice(0, 2))
  const what = `${axes.length === 1 ? 'This line has' : `This part has ${named(axes)} =`} ${count(n)} elements`
  if (axes.length === 1 && n > mostOfLine) return `${what}, more than the ${count(mostOfLine)} that are drawn one by one.`
  if (n > (number ? mostOfPicture : mostOfText)) return `${what}, more than the ${count(number ? mostOfPicture : mostOfText)} that are shown at once.`
  if (picture && wide > widestTexture()) return `${what}, and one side is longer than the ${count(widestTexture())} that this graphics card draws.`
  return ''
}

// Reads are those of one version of a file.
export class Reads {
  readonly url = here('h5grove')
  private readonly known = new Map<string, Promise<ArrayBuffer>>()
  private readonly basic = createBasicFetcher()

  constructor(private readonly file: string) {}

  readonly fetcher: Fetcher = async (url, parameters, options) => {
    if (url.endsWith('/data')) {
      const why = tooBig(await this.entity(parameters.path), parameters.selection ?? '')
      if (why) throw new Error(`${why} Choose “Overview” above, which shows all of it reduced to the window, or a smaller slice.`)
    }
    if (url.endsWith('/meta')) return this.meta(parameters.path)
    return this.send(url, parameters, options)
  }

  // entity tells what is at a path.
  async entity(path: string): Promise<Entity> {
    return JSON.parse(new TextDecoder().decode(await this.meta(path))) as Entity
  }

  // One answer serves H5Web and us.
  private meta(path: string): Promise<ArrayBuffer> {
    const known = this.known.get(path)
    if (known) return known
    const answer = this.send(`${this.url}/meta`, { file: this.file, path })
    this.known.set(path, answer)
    answer.catch(() => this.known.delete(path))
    return answer
  }

  private async send(...[url, parameters, options]: Parameters<Fetcher>) {
    try {
      return await this.basic(url, parameters, options)
    } catch (error) {
      if (!(error instanceof Error) || !('buffer' in error) || !(error.buffer instanceof ArrayBuffer)) throw error
      const status = 'status' in error && typeof error.status === 'number' ? error.status : 0
      throw problemOf(new TextDecoder().decode(error.buffer), status)
    }
  }
}
