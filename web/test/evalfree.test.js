// Our views and copies against the packages that they stand in for.
import assert from 'node:assert/strict'
import test from 'node:test'
import original from 'ndarray'
import originalOps from 'ndarray-ops'
import ndarray from '../src/evalfree/ndarray.js'
import { assign } from '../src/evalfree/ndarray-ops.js'

const shapes = [[7], [3, 5], [2, 3, 4], [2, 3, 2, 2], [2, 1, 3, 2, 2], [0, 3]]
const arrays = [Float32Array, Float64Array, Int8Array, Uint8ClampedArray, Uint32Array, BigInt64Array, Array]

function filled(Kind, size) {
  return Kind.from({ length: size }, (_, i) => (Kind === BigInt64Array ? BigInt(i) : i))
}

function places(shape) {
  return shape.reduce((all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])), [[]])
}

function same(ours, theirs) {
  assert.deepEqual(ours.shape, [...theirs.shape])
  assert.deepEqual(ours.stride, [...theirs.stride])
  for (const property of ['dtype', 'dimension', 'size', 'offset']) assert.equal(ours[property], theirs[property], property)
  for (const at of places(ours.shape)) {
    assert.equal(ours.get(...at), theirs.get(...at))
    assert.equal(ours.index(...at), theirs.index(...at))
  }
}

test('views', () => {
  for (const Kind of arrays) {
    for (const shape of shapes) {
      const data = filled(Kind, shape.reduce((a, b) => a * b, 1))
      const [ours, theirs] = [ndarray(data, shape), original(data, shape)]
      const back = shape.map((_, i) => shape.length - 1 - i)
      same(ours, theirs)
      for (const [method, args] of [
        ['transpose', back], ['step', shape.map(() => 2)], ['step', shape.map(() => -1)], ['lo', shape.map((n) => n >> 1)],
        ['hi', shape.map((n) => (n + 1) >> 1)], ['pick', shape.slice(1).map((_, i) => (i % 2 ? null : 0))],
        ['pick', shape.map((_, i) => (i === 0 || shape[i] === 0 ? null : 0))],
      ]) {
        same(ours[method](...args), theirs[method](...args))
        same(ours.transpose(...back)[method](...args), theirs.transpose(...back)[method](...args))
      }
    }
  }
  same(ndarray([1, 2, 3]), original([1, 2, 3]))
})

test('set', () => {
  for (const shape of shapes) {
    const size = shape.reduce((a, b) => a * b, 1)
    const [ours, theirs] = [ndarray(new Float32Array(size), shape), original(new Float32Array(size), shape)]
    places(shape).forEach((at, i) => { ours.set(...at, i + 1); theirs.set(...at, i + 1) })
    assert.deepEqual(ours.data, theirs.data)
  }
})

test('assign', () => {
  for (const shape of shapes) {
    const data = filled(Float64Array, shape.reduce((a, b) => a * b, 1))
    const back = shape.map((_, i) => shape.length - 1 - i)
    const [ours, theirs] = [ndarray, original].map((make) => make(new Float32Array(data.length), [...shape].reverse()))
    assign(ours, ndarray(data, shape).transpose(...back))
    originalOps.assign(theirs, original(data, shape).transpose(...back))
    assert.deepEqual(ours.data, theirs.data)
  }
})
