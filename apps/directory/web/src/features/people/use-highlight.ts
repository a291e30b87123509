import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

const FADE_MS = 2400;

const fade: Keyframe[] = [
  { backgroundColor: 'var(--changed)', offset: 0 },
  { backgroundColor: 'var(--changed)', offset: 0.35 },
  { backgroundColor: 'transparent', offset: 1 },
];

/**
 * Lets the parts of an element whose values changed light up and fade: those with `data-field` equal to a changed key. Not at
 * the first render. It costs no render of its own.
 */
export function useHighlight(
  container: RefObject<HTMLElement | null>,
  values: Readonly<Record<string, string | boolean | null | undefined>>,
): void {
  const seen = useRef(values);
  useEffect(() => {
    const before = seen.current;
    seen.current = values;
    for (const field of Object.keys(values)) {
      if (values[field] === before[field]) continue;
      container.current
        ?.querySelector<HTMLElement>(`[data-field="${field}"]`)
        ?.animate(fade, { duration: FADE_MS, easing: 'ease-out' });
    }
  });
}
