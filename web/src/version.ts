import { useCallback, useEffect, useState } from 'react'
import { bytesOf } from './address'
import { Problem, problemOf } from './problem'

// tagOf asks for the entity tag of a file, without its bytes. What a refusal of HEAD means, only GET says.
async function tagOf(file: string): Promise<string> {
  const head = await fetch(bytesOf(file), { method: 'HEAD', cache: 'no-store' })
  if (head.ok) return head.headers.get('ETag') ?? ''
  const why = await fetch(bytesOf(file), { headers: { Range: 'bytes=0-0' } })
  throw why.ok ? new Problem({ status: head.status, detail: `HEAD was answered with ${head.status}.` }) : problemOf(await why.text(), why.status)
}

const pause = 60_000 // between looks at a file that nobody has gone away from

// useVersion follows the version of a file: it looks when the page is looked at again, and now and then.
export function useVersion(file: string) {
  const [state, set] = useState<{ tag?: string; latest?: string; error?: unknown }>({})
  const look = useCallback(() => tagOf(file).then(
    (latest) => set((s) => ({ tag: s.tag ?? latest, latest })),
    (error: unknown) => set((s) => (s.tag === undefined ? { ...s, error } : s)), // a file that was opened stays on the screen
  ), [file])
  useEffect(() => {
    const visible = () => { if (document.visibilityState === 'visible') void look() }
    void look()
    const timer = setInterval(visible, pause)
    document.addEventListener('visibilitychange', visible)
    window.addEventListener('focus', visible)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', visible)
      window.removeEventListener('focus', visible)
    }
  }, [look])
  return {
    tag: state.tag,
    error: state.error,
    changed: state.tag !== state.latest,
    reload: () => set((s) => ({ ...s, tag: s.latest })),
  }
}
