// Reduced data of /v1/data: cells of mean, minimum and maximum, each of a power of two of elements along an axis.
import { api } from './address'
import { ask, askJSON } from './problem'

export interface Axis {
  axis: number
  start: number
  stop: number
  step: number
  cell: number // elements
  first: number // elements in the first cell
  cells: number
}

export interface Picture {
  all: boolean // every element is there
  axes: Axis[] // rows and columns, or one
  figures: Record<string, Float64Array | Float32Array>
  nan: number // elements without a number
}

const bytesAtMost = '33554432'

function readAxes(field: string, lengths: number[]): Axis[] {
  return field.split(',').map((item, i) => {
    const value = (name: string) => Number(new RegExp(`;${name}=(\\d+)`).exec(item)?.[1])
    return {
      axis: Number.parseInt(item, 10), start: value('start'), stop: value('stop'), step: value('step'),
      cell: value('cell'), first: value('first'), cells: lengths[i],
    }
  })
}

// Whole data is an axis with cells of one element.
interface Whole {
  shape: number[]
  data: unknown[]
}

async function whole(parameters: Record<string, string>, axes: Axis[], signal: AbortSignal): Promise<Picture> {
  const { data, shape } = await askJSON<Whole>(api('data', { ...parameters, nan: 'null' }), { signal })
  const flat = data.flat(shape.length) as (number | boolean | null)[]
  const values = Float64Array.from(flat, (v) => (v === null ? NaN : Number(v)))
  return { all: true, axes, figures: { mean: values }, nan: values.reduce((n, v) => n + (Number.isNaN(v) ? 1 : 0), 0) }
}

// fetchPicture reads what is selected, reduced to a width and a height where it has more elements than that. The axes
// are those of the selection, for when nothing had to be reduced.
export async function fetchPicture(file: string, path: string, select: string, axes: Axis[], fit: [number, number], signal: AbortSignal): Promise<Picture> {
  const line = axes.length === 1
  const names = line ? ['mean', 'min', 'max'] : ['mean']
  const parameters = { file, path, select, fit: fit.map(Math.round).join('x'), bytes: bytesAtMost, figures: names.join() }
  const answer = await ask(api('data', { ...parameters, format: 'raw' }), { signal })
  const field = answer.headers.get('H5-Axes')
  if (!answer.headers.has('H5-Reduction') || !field) {
    await answer.body?.cancel()
    return whole(parameters, axes, signal)
  }
  const bytes = await answer.arrayBuffer()
  const lengths = answer.headers.get('H5-Shape')!.split(',').map(Number).slice(line ? 1 : 0)
  const cells = lengths.reduce((a, b) => a * b, 1)
  const Values = bytes.byteLength === cells * names.length * 4 ? Float32Array : Float64Array
  return {
    all: false,
    axes: readAxes(field, lengths),
    figures: Object.fromEntries(names.map((name, i) => [name, new Values(bytes, i * cells * Values.BYTES_PER_ELEMENT, cells)])),
    nan: Number(/\bnan=(\d+)/.exec(answer.headers.get('H5-Total') ?? '')?.[1] ?? 0),
  }
}
