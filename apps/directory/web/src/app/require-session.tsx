import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { Navigate, useLocation } from 'react-router';
import { IconUnplugged } from '../ui/icons.ts';
import { Message } from '../ui/message.tsx';
import { useGetSessionQuery } from './api.ts';
import { startLive } from './browser-live.ts';
import { useAppSelector, useAppStore } from './hooks.ts';
import { mayHaveSession } from './session-hint.ts';
import { SessionContext } from './session.ts';
import { Splash } from './splash.tsx';
import splashClasses from './splash.module.css';

/** Shows its children to a signed-in person and sends everybody else to sign in, and from there back to where they were going. */
export function RequireSession({ children }: { readonly children: ReactNode }) {
  const store = useAppStore();
  const location = useLocation();
  const ended = useAppSelector((state) => state.session.ended);
  const [asks] = useState(mayHaveSession);
  const { data: person, error, refetch } = useGetSessionQuery(undefined, { skip: ended !== null || !asks });
  const isSignedIn = person !== undefined && ended === null;

  useEffect(() => (isSignedIn ? startLive(store) : undefined), [isSignedIn, store]);

  if (ended === 'signed-out') return <Navigate to="/sign-in" replace />;
  if (ended === 'expired' || (!asks && person === undefined)) {
    return <Navigate to="/sign-in" replace state={{ from: location.pathname + location.search }} />;
  }
  if (person !== undefined) return <SessionContext value={person}>{children}</SessionContext>;
  if (error === undefined) return <Splash />;
  return (
    <main className={splashClasses.centre}>
      <Message
        role="alert"
        icon={<IconUnplugged size={22} />}
        title="The directory cannot be reached"
        actions={<Button onClick={() => void refetch()}>Try again</Button>}
      >
        Check your connection. What you were doing is not lost: this page opens as soon as the server answers.
      </Message>
    </main>
  );
}
