import { useState } from 'react'
import { api } from './address'
import { lines } from './code'
import { type Entity, isNumeric } from './reads'
import { elements, format, left, parse } from './selection.js'
import { many, shape as named, size } from './units'

function Copied({ tool, text }: { tool: string; text: string }) {
  const [said, say] = useState('')
  const copy = () => navigator.clipboard.writeText(text).then(() => say('Copied.'), () => say('Select it and copy it by hand.'))
  return (
    <figure>
      <figcaption>
        {tool}
        {isSecureContext && <button onClick={copy} aria-label={`Copy the lines for ${tool}`}>Copy</button>}
        <span role="status" className="small">{said}</span>
      </figcaption>
      <pre tabIndex={0} data-tool={tool}>{text}</pre>
    </figure>
  )
}

function describe(entity: Entity) {
  if (entity.kind !== 'dataset') return entity.kind
  const filters = entity.filters?.map((f) => f.name || `filter ${f.id}`).join(', ')
  return [
    entity.type?.dtype, entity.shape ? named(entity.shape) : 'null',
    entity.chunks && `chunks ${named(entity.chunks)}`, filters,
  ].filter(Boolean).join(' · ')
}

interface Properties {
  file: string
  path: string
  entity: Entity | undefined
  select: string
  fault: string
  onSelect: (text: string) => void
}

// SliceBar says what is taken of a dataset, and has it in all forms.
export function SliceBar({ file, path, entity, select, fault, onSelect }: Properties) {
  const dataset = entity?.kind === 'dataset' && entity.shape ? entity : undefined
  const members = dataset && !fault ? parse(select, dataset.shape!) : undefined
  const plain = members ? format(members, dataset!.shape!) : ''
  const n = members ? elements(members) : 0
  const whole = entity?.kind === 'group' || members !== undefined
  const number = isNumeric(dataset?.type)
  return (
    <>
      <div className="row">
        <code className="grow" data-testid="path">{path}</code>
        <span className="small">{entity && describe(entity)}</span>
      </div>
      <div className="row">
        {dataset && dataset.shape!.length > 0 && (
          <>
            <label htmlFor="select">Slice</label>
            <input id="select" className="grow" value={select} onChange={(e) => onSelect(e.target.value)} spellCheck={false} autoComplete="off"
              placeholder={dataset.shape!.map((d) => `0:${d}`).join(',')} aria-invalid={fault !== ''} aria-describedby="taken" />
          </>
        )}
        <span id="taken" className="small" role="status">{fault || (members && `${many(n, 'element')}, ${size(n * dataset!.type!.size)}`)}</span>
        {whole && <a className="button" href={api('subset', { file, path, select: plain })} download>.h5</a>}
        {members && number && left(members).length <= 2 && <a className="button" href={api('data', { file, path, select: plain, format: 'csv' })} download>CSV</a>}
        {members && number && <a className="button" href={api('data', { file, path, select: plain, format: 'npy' })} download>NPY</a>}
      </div>
      {members && (
        <details>
          <summary>curl, Python, Go</summary>
          <div className="lines">{lines(file, path, plain).map(({ tool, text }) => <Copied key={tool} tool={tool} text={text} />)}</div>
        </details>
      )}
    </>
  )
}
