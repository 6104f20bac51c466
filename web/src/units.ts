// Numbers for people.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function size(bytes: number) {
  let unit = 0
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024
    unit++
  }
  return `${unit === 0 ? bytes : bytes.toPrecision(3)} ${units[unit]}`
}

export const count = (n: number) => n.toLocaleString('en')

export const many = (n: number, thing: string) => `${count(n)} ${thing}${n === 1 ? '' : 's'}`

export const shape = (dims: readonly number[]) => (dims.length === 0 ? 'scalar' : dims.map(count).join(' × '))

export function date(text: string | undefined) {
  if (!text) return ''
  return new Date(text).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}
