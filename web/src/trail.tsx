import { page } from './address'

// Trail leads back: the stores, a store, its folders. The last name is where we are.
export function Trail({ at }: { at: string }) {
  const names = at.split('/')
  const plan = at.startsWith('plan:')
  return (
    <nav className="trail" aria-label="Where this is">
      <a href={page({})}>h5serve</a>
      {names.map((name, i) => {
        if (name === '') return null
        const last = i === names.length - 1 || (i === names.length - 2 && names.at(-1) === '')
        const to = `${names.slice(0, i + 1).join('/')}/`
        return (
          <span key={i}>
            <span aria-hidden="true"> / </span>
            {last || plan ? <span aria-current="page">{name}</span> : <a href={page({ in: to })}>{name}</a>}
          </span>
        )
      })}
    </nav>
  )
}
