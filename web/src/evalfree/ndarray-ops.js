// Of the package ndarray-ops what @h5web uses, without code that is made of strings.

// assign copies all elements of a view into one of the same shape.
export function assign(to, from) {
  const { shape } = to
  const axes = shape.length
  if (to.size === 0) return to
  const inner = axes > 0 ? shape[axes - 1] : 1
  const toStep = axes > 0 ? to.stride[axes - 1] : 0
  const fromStep = axes > 0 ? from.stride[axes - 1] : 0
  const at = new Array(Math.max(axes - 1, 0)).fill(0)
  let [t, f] = [to.offset, from.offset]
  for (;;) {
    for (let n = 0; n < inner; n++) to.data[t + n * toStep] = from.data[f + n * fromStep]
    let axis = at.length - 1
    for (; axis >= 0; axis--) {
      t += to.stride[axis]
      f += from.stride[axis]
      if (++at[axis] < shape[axis]) break
      t -= shape[axis] * to.stride[axis]
      f -= shape[axis] * from.stride[axis]
      at[axis] = 0
    }
    if (axis < 0) return to
  }
}
