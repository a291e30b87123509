import { createContext, use } from 'react';
import type { Person } from './types.ts';

/** The signed-in person; set for everything inside the shell. */
export const SessionContext = createContext<Person | null>(null);

/** The signed-in person. Only for components inside the shell. */
export function useSessionPerson(): Person {
  const person = use(SessionContext);
  if (person === null) throw new Error('Expected a signed-in person: render this inside the shell.');
  return person;
}
