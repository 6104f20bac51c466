import { getDomain, HeatmapVis, LineVis, toTypedNdArray, useCameraState, useVisCanvasContext } from '@h5web/lib'
import ndarray from 'ndarray'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useLoad } from './load'
import { ShowProblem } from './problem'
import { type Axis, fetchPicture, type Picture } from './reduced'
import { elements, format, type Member, parse } from './selection.js'
import { count } from './units'

type Window = [first: number, last: number][] // of each axis that is drawn, in elements of the dataset

// plane makes of a selection one that can be drawn: all axes but the last two that are left become an index.
function plane(members: Member[], at: number[]): Member[] {
  const free = members.flatMap((m, axis) => (m.index ? [] : [axis]))
  return members.map((m, axis) => {
    if (m.index || free.slice(-2).includes(axis)) return m
    const start = Math.min(m.start + (at[axis] ?? 0) * m.step, Math.max(m.stop - 1, m.start))
    return { start, stop: start + 1, step: 1, count: 1, index: true }
  })
}

// narrow keeps what of a member lies in a window.
function narrow(m: Member, [first, last]: [number, number]): Member {
  const start = m.start + Math.max(0, Math.floor((first - m.start) / m.step)) * m.step
  const stop = Math.min(m.stop, Math.max(Math.ceil(last), start + m.step))
  return { ...m, start, stop, count: Math.ceil((stop - start) / m.step) }
}

// edges are where the cells of an axis begin, and where the last one ends. The first and the last cell may have fewer
// elements than the others: they are drawn as wide, so that all others stand where they are.
function edges({ start, step, cell, first, cells }: Axis) {
  return Array.from({ length: cells + 1 }, (_, i) => start + step * (i * cell - (cell - first)) - (cell === 1 ? step / 2 : 0))
}

const centres = (axis: Axis) => edges(axis).slice(0, -1).map((e) => e + (axis.step * axis.cell) / 2)

// Watch tells which window is looked at once it has stood still.
function Watch({ drawn, onWindow }: { drawn: number; onWindow: (w: Window) => void }) {
  const { getVisibleDomains } = useVisCanvasContext()
  const { xVisibleDomain: x, yVisibleDomain: y } = useCameraState(getVisibleDomains, [getVisibleDomains], (a, b) => JSON.stringify(a) === JSON.stringify(b))
  const first = useRef(true)
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    const wait = setTimeout(() => onWindow(drawn === 2 ? [[y[0], y[1]], [x[0], x[1]]] : [[x[0], x[1]]]), 500)
    return () => clearTimeout(wait)
  }, [x[0], x[1], y[0], y[1]])
  return null
}

function Plot({ picture, title, onWindow }: { picture: Picture; title: string; onWindow?: (w: Window) => void }) {
  const { axes, figures } = picture
  const shape = axes.map((a) => a.cells)
  const arrays = useMemo(
    () => Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, toTypedNdArray(ndarray(values, shape), Float32Array)])),
    [picture],
  )
  const watch = onWindow && <Watch drawn={axes.length} onWindow={onWindow} />
  const label = (a: Axis) => `index on axis ${a.axis}`
  if (axes.length === 2) {
    const [rows, columns] = axes
    return (
      <HeatmapVis dataArray={arrays.mean} domain={getDomain(figures.mean)} title={title} aspect="auto" colorMap="Viridis"
        abscissaParams={{ value: edges(columns), label: label(columns) }} ordinateParams={{ value: edges(rows), label: label(rows) }}>
        {watch}
      </HeatmapVis>
    )
  }
  const [axis] = axes
  const envelope = ['min', 'max'].filter((name) => arrays[name]).map((name) => ({ label: name, array: arrays[name] }))
  const domains = Object.values(figures).map((v) => getDomain(v)).filter((d) => d !== undefined)
  const domain: [number, number] | undefined = domains.length > 0 ? [Math.min(...domains.map((d) => d[0])), Math.max(...domains.map((d) => d[1]))] : undefined
  return (
    <LineVis dataArray={arrays.mean} domain={domain} title={title} auxiliaries={envelope}
      ordinateLabel={picture.all ? 'value' : 'mean, with minimum and maximum'} abscissaParams={{ value: centres(axis), label: label(axis) }} showGrid>
      {watch}
    </LineVis>
  )
}

// Steppers choose the index of the axes that are not drawn.
function Steppers({ members, drawn, at, onChange }: { members: Member[]; drawn: Member[]; at: number[]; onChange: (at: number[]) => void }) {
  return members.map((m, axis) => m.index === drawn[axis].index ? null : (
    <label key={axis}>
      axis {axis}{' '}
      <input type="number" min={0} max={m.count - 1} value={at[axis] ?? 0}
        onChange={(e) => onChange(Object.assign([...at], { [axis]: Math.min(Math.max(0, e.target.valueAsNumber || 0), m.count - 1) }))} /> of {count(m.count)}
    </label>
  ))
}

interface Properties {
  file: string
  path: string
  shape: number[]
  select: string
}

// Overview draws numbers of any size, as many cells as the screen has room for; zooming fetches the window in view.
export function Overview({ file, path, shape, select }: Properties) {
  const room = useRef<HTMLDivElement>(null)
  const [fit, setFit] = useState<[number, number]>()
  const [at, setAt] = useState<number[]>([])
  const [windows, setWindows] = useState<Window[]>([])
  useEffect(() => {
    const { width, height } = room.current!.getBoundingClientRect()
    const dots = (n: number) => Math.min(2048, Math.max(64, n * devicePixelRatio))
    setFit([dots(width), dots(height)])
  }, [])

  const members = parse(select, shape)
  const whole = plane(members, at)
  const window = windows.at(-1)
  let n = 0
  const drawn = window ? whole.map((m) => (m.index ? m : narrow(m, window[n++]))) : whole
  const axes = drawn.flatMap((m, axis) => (m.index ? [] : [{ axis, start: m.start, stop: m.stop, step: m.step, cell: 1, first: 1, cells: m.count }]))
  const text = format(drawn, shape)
  const empty = elements(drawn) === 0
  const { value: picture, error } = useLoad(
    async (signal) => (fit && !empty && axes.length > 0 ? fetchPicture(file, path, text, axes, fit, signal) : undefined),
    [file, path, text, fit],
  )
  const most = Math.max(...(picture?.axes.map((a) => a.cell) ?? [1]))
  const finest = axes.every((a) => a.cells <= 2)
  return (
    <section className="overview" aria-label={`Overview of ${path}`}>
      <div className={picture && !picture.all ? 'notice' : 'row plain'} role="status" data-testid="badge">
        {picture && !picture.all && <span className="badge">Not all of the data: each {picture.axes.length === 1 ? 'point' : 'cell'} is the mean of up to {picture.axes.map((a) => count(a.cell)).join(' × ')} elements{picture.axes.length === 1 && ', with their minimum and maximum'}.</span>}
        {picture?.all && <span>Every element of {text || 'the dataset'} is drawn.</span>}
        {picture && picture.nan > 0 && <span>{count(picture.nan)} elements are no numbers.</span>}
        {!picture && !error && !empty && axes.length > 0 && <span>Reading {count(elements(drawn))} elements…</span>}
        {(empty || axes.length === 0) && <span>The slice has no axis to draw.</span>}
        <Steppers members={members} drawn={whole} at={at} onChange={(next) => { setAt(next); setWindows([]) }} />
        {windows.length > 0 && <button onClick={() => setWindows(windows.slice(0, -1))}>Zoom out</button>}
        {windows.length > 1 && <button onClick={() => setWindows([])}>All</button>}
      </div>
      <div className="plot" ref={room}>
        {error !== undefined && <ShowProblem error={error} />}
        {picture && <Plot key={text} picture={picture} title={`${path} ${text}`} onWindow={most > 1 && !finest ? (w) => setWindows([...windows, w]) : undefined} />}
      </div>
    </section>
  )
}
