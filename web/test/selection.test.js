import assert from 'node:assert/strict'
import test from 'node:test'
import { elements, format, left, parse } from '../src/selection.js'

test('selections', () => {
  for (const [text, shape, want, count, axes] of [
    ['', [], '', 1, []],
    ['', [3, 4], '', 12, [3, 4]],
    [':', [3, 4], '', 12, [3, 4]],
    ['1', [3, 4], '1,:', 4, [4]],
    ['-1,::2', [3, 5], '2,0:5:2', 3, [3]],
    ['...,1:3', [2, 3, 4], ':,:,1:3', 12, [2, 3, 2]],
    ['0, ... ,-2:', [2, 3, 4], '0,:,2:4', 6, [3, 2]],
    ['[5:99]', [10], '5:10', 5, [5]],
    ['7:2', [10], '7:7', 0, [0]],
    ['1_0'.replace('_', ''), [11], '10', 1, []],
  ]) {
    const members = parse(text, shape)
    assert.equal(format(members, shape), want, text)
    assert.equal(elements(members), count, text)
    assert.deepEqual(left(members), axes, text)
  }
})

test('refusals', () => {
  for (const [text, shape, words] of [
    ['3', [3], 'Axis 0 has 3'], ['-4', [3], 'Axis 0 has 3'], ['::0', [3], 'above 0'], ['::-1', [3], 'above 0'], ['x', [3], 'no index'],
    ['1:2:3:4', [3], 'no index'], ['1.5', [3], 'no index'], ['1:x', [3], 'no index'], ['0,0', [3], '2 members for 1'], ['...,...', [3], 'one'], ['1,', [3, 4], 'no index'],
  ]) assert.throws(() => parse(text, shape), (e) => e.message.includes(words), text)
})
