import { useEffect, useState } from 'react'
import { bytesOf, page } from './address'
import { type Entry, folder as readFolder, search, stores } from './listing'
import { type Loaded, useLoad } from './load'
import { ShowProblem } from './problem'
import { Trail } from './trail'
import { date, size } from './units'

function Row({ entry, from }: { entry: Entry; from: string }) {
  const name = entry.at.slice(from.length)
  return (
    <tr>
      <td>
        <a href={entry.folder ? page({ in: entry.at }) : page({ file: entry.at })}>{name}</a>
      </td>
      <td className="number" title={entry.size === undefined ? undefined : `${entry.size} bytes`}>
        {entry.size !== undefined && size(entry.size)}
      </td>
      <td>{entry.note ?? date(entry.modified)}</td>
      <td>{!entry.folder && <a href={bytesOf(entry.at)} download aria-label={`Download ${name}`}>↓</a>}</td>
    </tr>
  )
}

function Table({ list, from }: { list: Entry[]; from: string }) {
  if (list.length === 0) return <p>There is nothing.</p>
  return (
    <table>
      <thead>
        <tr><th scope="col">Name</th><th scope="col" className="number">Size</th><th scope="col">Changed</th><th scope="col"><span className="unseen">Download</span></th></tr>
      </thead>
      <tbody>{list.map((entry) => <Row key={entry.at} entry={entry} from={from} />)}</tbody>
    </table>
  )
}

function Result({ found, from, empty }: { found: Loaded<{ list: Entry[]; more: boolean }>; from: string; empty?: string }) {
  if (found.error) return <ShowProblem error={found.error} />
  if (!found.value) return <p role="status">Loading…</p>
  if (empty && found.value.list.length === 0) return <p>{empty}</p>
  return (
    <>
      <Table list={found.value.list} from={from} />
      {found.value.more && <p role="status">There is more than is shown here: narrow it by a name.</p>}
    </>
  )
}

const noStores = 'There are no stores: start h5serve with --store NAME=FOLDER, NAME=s3://BUCKET/PREFIX or NAME=https://HOST/PATH to see files here.'

function Search({ folder, text }: { folder: string; text: string }) {
  const found = useLoad((signal) => search(folder, text, signal), [folder, text])
  return <Result found={found} from={folder} />
}

function Folder({ folder }: { folder: string }) {
  const found = useLoad((signal) => (folder === '' ? stores(signal) : readFolder(folder, signal)), [folder])
  return <Result found={found} from={folder} empty={folder === '' ? noStores : undefined} />
}

export function Start({ folder }: { folder: string }) {
  const [text, setText] = useState('')
  const [sought, setSought] = useState('')
  useEffect(() => {
    document.title = folder === '' ? 'h5serve' : `${folder} · h5serve`
  }, [folder])
  useEffect(() => {
    const wait = setTimeout(() => setSought(text.trim()), 300)
    return () => clearTimeout(wait)
  }, [text])
  return (
    <main className="page">
      <header className="top">
        <h1><Trail at={folder} /></h1>
        <a className="button" href={`${page({})}?make`}>Make a file</a>
      </header>
      <input type="search" className="search" value={text} onChange={(e) => setText(e.target.value)}
        aria-label={folder === '' ? 'Search all stores' : `Search ${folder}`} placeholder="Search by name, folders below among them" />
      <section aria-live="polite">
        {sought === '' ? <Folder folder={folder} /> : <Search folder={folder} text={sought} />}
      </section>
      <footer>What the server understands: <a href="openapi.yaml">openapi.yaml</a></footer>
    </main>
  )
}
