// Selections as the server reads them: members by commas, each an index, start:stop, start:stop:step, or one ellipsis.

/**
 * @typedef {{ start: number, stop: number, step: number, count: number, index: boolean }} Member what is taken of an axis
 */

const whole = /^[+-]?\d+$/

/** @param {string} text @param {number} length @returns {number | undefined} */
function bound(text, length) {
  if (!whole.test(text)) return undefined
  const n = Number(text)
  return Math.min(Math.max(n < 0 ? n + length : n, 0), length)
}

/** @param {string} text @param {number} axis @param {number} length @returns {Member} */
function member(text, axis, length) {
  const parts = text.split(':').map((p) => p.trim())
  if (parts.length === 1) {
    const n = Number(parts[0])
    if (!whole.test(parts[0])) throw new Error(`“${text}” is no index, start:stop or start:stop:step.`)
    const start = n < 0 ? n + length : n
    if (start < 0 || start >= length) throw new Error(`Axis ${axis} has ${length} elements: ${text} is not among them.`)
    return { start, stop: start + 1, step: 1, count: 1, index: true }
  }
  const step = parts[2] ? Number(parts[2]) : 1
  const start = parts[0] ? bound(parts[0], length) : 0
  const stop = parts[1] ? bound(parts[1], length) : length
  if (parts.length > 3 || start === undefined || stop === undefined || !Number.isInteger(step)) {
    throw new Error(`“${text}” is no index, start:stop or start:stop:step.`)
  }
  if (step < 1) throw new Error(`The step of axis ${axis} must be above 0.`)
  return { start, stop: Math.max(start, stop), step, count: Math.max(0, Math.ceil((stop - start) / step)), index: false }
}

/**
 * parse tells what a selection takes of each axis; it throws an Error with a sentence.
 * @param {string} text @param {readonly number[]} shape @returns {Member[]}
 */
export function parse(text, shape) {
  const plain = text.trim().replace(/^\[(.*)\]$/, '$1').trim()
  const members = plain === '' ? [] : plain.split(',').map((m) => m.trim())
  const dots = members.indexOf('...')
  if (members.lastIndexOf('...') !== dots) throw new Error('There may be one “...” only.')
  const named = members.length - (dots < 0 ? 0 : 1)
  if (named > shape.length) throw new Error(`There are ${named} members for ${shape.length} axes.`)
  const rest = new Array(shape.length - named).fill(':')
  const all = dots < 0 ? [...members, ...rest] : [...members.slice(0, dots), ...rest, ...members.slice(dots + 1)]
  return all.map((m, axis) => member(m, axis, shape[axis]))
}

/** format writes a selection that every reader takes alike; '' for all. @param {readonly Member[]} members @param {readonly number[]} shape */
export function format(members, shape) {
  if (members.every((m, axis) => !m.index && m.start === 0 && m.step === 1 && m.stop === shape[axis])) return ''
  return members.map((m, axis) => {
    if (m.index) return String(m.start)
    if (m.start === 0 && m.stop === shape[axis] && m.step === 1) return ':'
    return `${m.start}:${m.stop}${m.step === 1 ? '' : `:${m.step}`}`
  }).join(',')
}

/** @param {readonly Member[]} members */
export const elements = (members) => members.reduce((product, m) => product * m.count, 1)

/** The lengths of the axes that are left. @param {readonly Member[]} members */
export const left = (members) => members.filter((m) => !m.index).map((m) => m.count)
