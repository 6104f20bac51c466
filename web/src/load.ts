import { useEffect, useState } from 'react'

export interface Loaded<T> {
  value?: T
  error?: unknown
}

// useLoad holds what a promise gives; it is made again when a key changes, and aborted when nobody waits.
export function useLoad<T>(make: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [state, set] = useState<Loaded<T>>({})
  useEffect(() => {
    const controller = new AbortController()
    set({})
    make(controller.signal).then(
      (value) => !controller.signal.aborted && set({ value }),
      (error: unknown) => !controller.signal.aborted && set({ error }),
    )
    return () => controller.abort()
  }, keys)
  return state
}
