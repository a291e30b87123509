import { Button, NativeSelect, Switch, TextInput } from '@mantine/core';
import { ROLES } from '@directory/contract';
import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect } from 'react';
import { useSessionPerson } from '../../app/session.ts';
import type { Person } from '../../app/types.ts';
import { IconAlert, IconCheck } from '../../ui/icons.ts';
import { languageName } from '../../ui/locale.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { languageOptions } from './languages.ts';
import type { Conflict, PersonField } from './person-draft.ts';
import classes from './person-form.module.css';
import { isRole, roleNames } from './roles.tsx';
import type { SaveState } from './use-person-form.ts';
import { usePersonForm } from './use-person-form.ts';

interface PersonFormProps {
  readonly person: Person;
  readonly writable: readonly PersonField[];
  /** What stands between the fields and the buttons. */
  readonly children?: ReactNode;
}

/** Everything about a person that the reader may change. */
export function PersonForm({ person, writable, children }: PersonFormProps) {
  const me = useSessionPerson();
  const { form, state, conflicts, isDirty, save, discard, choose } = usePersonForm(person, me.id);

  useEffect(() => {
    if (!isDirty) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isDirty]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (isDirty) void save();
  }

  function below(field: PersonField): ReactNode {
    const conflict = conflicts.find((one) => one.field === field);
    return conflict === undefined ? null : (
      <ConflictChoice conflict={conflict} onChoose={(whose) => choose(field, whose)} />
    );
  }

  const locked = (field: PersonField): boolean => !writable.includes(field);

  return (
    <form
      className={classes.form}
      noValidate
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div className={classes.scroll}>
        <div className={classes.fields}>
          <div className={classes.wide}>
            <TextInput
              label="Name"
              dir="auto"
              autoComplete="off"
              maxLength={200}
              disabled={locked('name')}
              {...form.getInputProps('name')}
            />
            {below('name')}
          </div>
          <div className={classes.wide}>
            <TextInput
              label="Email"
              type="email"
              inputMode="email"
              autoComplete="off"
              spellCheck={false}
              maxLength={254}
              disabled={locked('email')}
              {...form.getInputProps('email')}
            />
            {below('email')}
          </div>
          <div>
            <NativeSelect
              label="Role"
              data={ROLES.map((role) => ({ value: role, label: roleNames[role] }))}
              disabled={locked('role')}
              {...form.getInputProps('role')}
            />
            {below('role')}
          </div>
          <div>
            <NativeSelect
              label="Language"
              data={languageOptions(form.values.language)}
              disabled={locked('language')}
              {...form.getInputProps('language')}
            />
            {below('language')}
          </div>
          <div>
            <NativeSelect
              label="Appearance"
              data={[
                { value: 'light', label: 'Light' },
                { value: 'dark', label: 'Dark' },
              ]}
              disabled={locked('theme')}
              {...form.getInputProps('theme')}
            />
            {below('theme')}
          </div>
          <div className={classes.switch}>
            <Switch
              label="Notifications"
              disabled={locked('notifications')}
              {...form.getInputProps('notifications', { type: 'checkbox' })}
            />
            {below('notifications')}
          </div>
        </div>
        {children}
      </div>
      <div className={classes.foot}>
        <SaveWords state={state} isDirty={isDirty} waits={conflicts.length > 0} />
        <div className={classes.buttons}>
          {isDirty && (
            <Button variant="default" onClick={discard} disabled={state.kind === 'saving'}>
              Discard
            </Button>
          )}
          <Button type="submit" disabled={!isDirty || conflicts.length > 0} loading={state.kind === 'saving'}>
            Save
          </Button>
        </div>
      </div>
    </form>
  );
}

interface SaveWordsProps {
  readonly state: SaveState;
  readonly isDirty: boolean;
  readonly waits: boolean;
}

function SaveWords({ state, isDirty, waits }: SaveWordsProps) {
  return (
    <p className={classes.words} role="status" data-kind={state.kind}>
      {state.kind === 'saving' ? (
        'Saving…'
      ) : state.kind === 'failed' ? (
        state.text
      ) : waits ? (
        'Choose which values to keep.'
      ) : isDirty ? (
        'Not saved yet'
      ) : state.kind === 'saved' ? (
        <>
          <IconCheck size={16} stroke={2.25} aria-hidden="true" />
          <span>
            Saved <RelativeTime at={state.at} />
          </span>
        </>
      ) : (
        ''
      )}
    </p>
  );
}

interface ConflictChoiceProps {
  readonly conflict: Conflict;
  readonly onChoose: (whose: 'mine' | 'theirs') => void;
}

/** Said where it happened: somebody else changed the same field, to what, and the two ways on. */
function ConflictChoice({ conflict, onChoose }: ConflictChoiceProps) {
  return (
    <div className={classes.conflict} role="alert">
      <IconAlert size={16} aria-hidden="true" />
      <div>
        <p>
          Meanwhile somebody changed this to <strong dir="auto">{inWords(conflict)}</strong>.
        </p>
        <div className={classes.choices}>
          <Button size="compact-sm" variant="default" onClick={() => onChoose('mine')}>
            Keep mine
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onChoose('theirs')}>
            Take theirs
          </Button>
        </div>
      </div>
    </div>
  );
}

function inWords({ field, theirs }: Conflict): string {
  if (typeof theirs === 'boolean') return theirs ? 'on' : 'off';
  if (field === 'role') return isRole(theirs) ? roleNames[theirs] : theirs;
  if (field === 'language') return languageName(theirs);
  if (field === 'theme') return theirs === 'dark' ? 'Dark' : 'Light';
  return theirs;
}
