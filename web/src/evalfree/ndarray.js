// A view of an array with several axes: the interface of the package ndarray, which makes its classes of strings and so
// cannot run under our content security policy. What @h5web uses is here; arrays without axes of their own are not.

const dtypes = {
  Float64Array: 'float64', Float32Array: 'float32', Int8Array: 'int8', Int16Array: 'int16', Int32Array: 'int32',
  Uint8Array: 'uint8', Uint16Array: 'uint16', Uint32Array: 'uint32', Uint8ClampedArray: 'uint8_clamped',
  BigInt64Array: 'bigint64', BigUint64Array: 'biguint64',
}

class View {
  constructor(data, shape, stride, offset) {
    this.data = data
    this.shape = shape
    this.stride = stride
    this.offset = offset
  }

  get dtype() {
    return Array.isArray(this.data) ? 'array' : (dtypes[this.data.constructor.name] ?? 'generic')
  }

  get dimension() {
    return this.shape.length
  }

  get size() {
    return this.shape.reduce((product, n) => product * n, 1)
  }

  // Called for every element: few axes go without a loop.
  index(i, j, k, ...more) {
    const { stride } = this
    switch (stride.length) {
      case 0: return this.offset
      case 1: return this.offset + stride[0] * i
      case 2: return this.offset + stride[0] * i + stride[1] * j
      case 3: return this.offset + stride[0] * i + stride[1] * j + stride[2] * k
      default: return more.reduce((at, m, axis) => at + stride[axis + 3] * m, this.offset + stride[0] * i + stride[1] * j + stride[2] * k)
    }
  }

  get(...at) {
    return this.data[at.length < 3 ? this.index(at[0], at[1]) : this.index(...at)]
  }

  set(...at) {
    const value = at.pop()
    this.data[this.index(...at)] = value
    return value
  }

  // Without what lies before.
  lo(...from) {
    const { shape, stride } = this
    const start = shape.map((_, axis) => (from[axis] >= 0 ? from[axis] | 0 : 0))
    return new View(this.data, shape.map((n, axis) => n - start[axis]), [...stride], start.reduce((at, n, axis) => at + n * stride[axis], this.offset))
  }

  // With so many elements.
  hi(...count) {
    return new View(this.data, this.shape.map((n, axis) => (count[axis] >= 0 ? count[axis] | 0 : n)), [...this.stride], this.offset)
  }

  // Every n-th element, from the end for n below 0.
  step(...by) {
    let { offset } = this
    const shape = [...this.shape]
    const stride = [...this.stride]
    by.forEach((n, axis) => {
      if (typeof n !== 'number') return
      if (n < 0) offset += stride[axis] * (shape[axis] - 1)
      shape[axis] = Math.ceil(shape[axis] / Math.abs(n))
      stride[axis] *= n
    })
    return new View(this.data, shape, stride, offset)
  }

  transpose(...order) {
    const axes = this.shape.map((_, axis) => order[axis] ?? axis)
    return new View(this.data, axes.map((a) => this.shape[a]), axes.map((a) => this.stride[a]), this.offset)
  }

  // Without the axes that have an index.
  pick(...at) {
    const fixed = this.shape.map((_, axis) => typeof at[axis] === 'number' && at[axis] >= 0)
    const kept = this.shape.map((_, axis) => axis).filter((axis) => !fixed[axis])
    const offset = this.stride.reduce((sum, n, axis) => (fixed[axis] ? sum + n * at[axis] : sum), this.offset)
    return new View(this.data, kept.map((a) => this.shape[a]), kept.map((a) => this.stride[a]), offset)
  }
}

function rowMajor(shape) {
  const stride = new Array(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    stride[axis] = step
    step *= shape[axis]
  }
  return stride
}

export default function ndarray(data, shape = [data.length], stride = rowMajor(shape), offset = undefined) {
  const first = offset ?? stride.reduce((at, n, axis) => (n < 0 ? at - (shape[axis] - 1) * n : at), 0)
  return new View(typeof data === 'number' ? [data] : data, [...shape], [...stride], first)
}
