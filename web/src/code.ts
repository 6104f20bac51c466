// The same selection for those who would rather type: in the shell, in Python, in Go.
import { api, bytesOf } from './address'

const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

// Strings of JSON are strings of Python and Go too, where no half of a pair is escaped in them.
const literal = (text: string) => JSON.stringify(text)

export function lines(file: string, path: string, select: string) {
  const url = bytesOf(file)
  const name = `${file.split('/').at(-1)!.replace(/[^\w.-]/g, '_').replace(/\.\w+$/, '')}-part.h5`
  const python = select === '' ? '()' : select.replaceAll(',', ', ')
  return [
    { tool: 'curl', text: `curl -o ${shell(name)} ${shell(api('subset', { file, path, select }))}` },
    {
      tool: 'Python',
      text: `import fsspec, h5py\nwith fsspec.open(${literal(url)}) as f, h5py.File(f) as h:\n    data = h[${literal(path)}][${python}]`,
    },
    {
      tool: 'Go',
      text: [
        '// with import _ "github.com/h5serve/h5serve/h5core/vfd/ros3"',
        `f, err := h5core.Open(ctx, ${literal(url)}, "r")`,
        `o, err := f.Get(ctx, ${literal(path)})`,
        'd := o.(*h5core.Dataset)',
        ...(select === '' ? [] : [`selection, _, err := space.Parse(${literal(select)}, d.Space().Dims)`]),
        `values, err := h5core.Read[float64](ctx, d, ${select === '' ? 'nil' : 'selection'})`,
      ].join('\n'),
    },
  ]
}
