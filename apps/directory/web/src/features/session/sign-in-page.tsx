import { Button, PasswordInput, TextInput } from '@mantine/core';
import type { SubmitEvent } from 'react';
import { useEffect, useRef, useState } from 'react';
import { Navigate, useLocation } from 'react-router';
import { api, useGetSessionQuery, useSignInMutation } from '../../app/api.ts';
import { useAppDispatch, useAppSelector } from '../../app/hooks.ts';
import { mayHaveSession, noteSession } from '../../app/session-hint.ts';
import { sessionBegan } from '../../app/session-slice.ts';
import { Mark } from '../../ui/mark.tsx';
import classes from './sign-in-page.module.css';
import { destinationOf, signInFailure } from './sign-in.ts';

/** Sign in, and go on to where one was going. */
export function SignInPage() {
  const dispatch = useAppDispatch();
  const location = useLocation();
  const ended = useAppSelector((state) => state.session.ended);
  const [signIn, { isLoading, error }] = useSignInMutation();
  const [asks] = useState(mayHaveSession);
  const { data: person } = useGetSessionQuery(undefined, { skip: ended !== null || !asks });
  const [signedIn, setSignedIn] = useState(false);
  const [missing, setMissing] = useState<{ email?: string; password?: string }>({});
  const emailField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);

  const failure = error === undefined ? null : signInFailure(error);

  // A wrong pair is most often a mistyped password.
  useEffect(() => {
    if (error !== undefined && signInFailure(error).field === 'password') passwordField.current?.select();
  }, [error]);

  if (signedIn || (person !== undefined && ended === null)) {
    return <Navigate to={destinationOf(location.state)} replace />;
  }

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = textOf(form, 'email').trim();
    const password = textOf(form, 'password');
    setMissing({
      ...(email === '' && { email: 'Enter your email address.' }),
      ...(password === '' && { password: 'Enter your password.' }),
    });
    if (email === '' || password === '') {
      (email === '' ? emailField : passwordField).current?.focus();
      return;
    }
    const answer = await signIn({ email, password });
    if (answer.data === undefined) return;
    noteSession(true);
    // Whoever was signed in before in this tab, nothing of theirs is left to be seen.
    dispatch(api.util.resetApiState());
    dispatch(sessionBegan());
    await dispatch(api.util.upsertQueryData('getSession', undefined, answer.data));
    setSignedIn(true);
  }

  return (
    <main className={classes.page}>
      <title>Sign in · Directory</title>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Mark size={40} />
          <h1 className={classes.title}>Sign in to Directory</h1>
          {ended === 'expired' && (
            <p className={classes.note} role="status">
              Your session has ended. Sign in to go on where you were.
            </p>
          )}
          {ended === 'signed-out' && (
            <p className={classes.note} role="status">
              You are signed out.
            </p>
          )}
        </div>
        <form className={classes.form} onSubmit={(event) => void submit(event)} noValidate>
          <TextInput
            ref={emailField}
            name="email"
            type="email"
            label="Email"
            autoComplete="username"
            inputMode="email"
            spellCheck={false}
            autoCapitalize="none"
            autoFocus
            error={missing.email}
          />
          <PasswordInput
            ref={passwordField}
            name="password"
            label="Password"
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
            error={missing.password}
          />
          <div className={classes.failure} role="alert">
            {failure !== null && !isLoading && <p>{failure.text}</p>}
          </div>
          <Button type="submit" fullWidth loading={isLoading}>
            Sign in
          </Button>
        </form>
      </div>
    </main>
  );
}

function textOf(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}
