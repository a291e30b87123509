import { ActionIcon, Button } from '@mantine/core';
import type { KeyboardEvent, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useNavigate, useOutletContext, useParams } from 'react-router';
import { api, useGetUserByIdQuery } from '../../app/api.ts';
import { useAppSelector, useAppStore } from '../../app/hooks.ts';
import { useSessionPerson } from '../../app/session.ts';
import type { RootState } from '../../app/store.ts';
import type { Person } from '../../app/types.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { IconAlert, IconBack, IconClose, IconNobody, IconUnplugged } from '../../ui/icons.ts';
import { Message } from '../../ui/message.tsx';
import { fullDate, RelativeTime } from '../../ui/relative-time.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import type { PeopleOutlet } from './people-page.tsx';
import { PersonForm } from './person-form.tsx';
import classes from './person-panel.module.css';
import { LastActive } from './person-row.tsx';
import { writableFields } from './rights.ts';
import { RoleName } from './roles.tsx';

/** One person, beside the list or over it. */
export function PersonPanel() {
  const { id = '' } = useParams();
  const { focusList } = useOutletContext<PeopleOutlet>();
  const navigate = useNavigate();
  const { search } = useLocation();

  function close(): void {
    void navigate({ pathname: '/people', search });
  }

  return (
    <OnePerson
      // Another person is another form: nothing typed here may end up there.
      key={id}
      id={id}
      onClose={() => {
        close();
        focusList();
      }}
    />
  );
}

function OnePerson({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const me = useSessionPerson();
  const store = useAppStore();
  // What the list knows is shown until the person's own answer is here.
  const [listed] = useState(() => listedPerson(store.getState(), id));
  const { data, error, refetch, isFetching } = useGetUserByIdQuery(id);
  const person = data ?? listed;
  const isGone = useAppSelector((state) => state.live.gone.includes(id));
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !event.defaultPrevented) onClose();
  }

  const frame = (children: ReactNode, title: string): ReactNode => (
    <section className={classes.panel} aria-labelledby="person-name" onKeyDown={onKeyDown}>
      <title>{`${title} · Directory`}</title>
      {children}
      <div className={classes.close}>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Close" onClick={onClose}>
          <IconClose className={classes.beside} size={18} aria-hidden="true" />
          <IconBack className={classes.over} size={20} aria-hidden="true" />
        </ActionIcon>
      </div>
    </section>
  );

  if (person === undefined) {
    if (error === undefined || isFetching) {
      return frame(
        <div className={classes.head}>
          <Skeleton round />
          <h2 ref={heading} id="person-name" className={classes.name} tabIndex={-1} aria-label="Loading">
            <Skeleton width={16} />
          </h2>
        </div>,
        'Loading',
      );
    }
    const isMissing = 'kind' in error && error.kind === 'problem' && error.status < 500;
    return frame(
      <>
        <h2 ref={heading} id="person-name" className={classes.hidden} tabIndex={-1}>
          {isMissing ? 'Nobody here' : 'Not loaded'}
        </h2>
        {isMissing ? (
          <Message
            icon={<IconNobody size={22} />}
            title="Nobody is at this address"
            actions={<Button onClick={onClose}>Back to the list</Button>}
          >
            The person may have been deleted, or the link may be incomplete.
          </Message>
        ) : (
          <Message
            role="alert"
            icon={<IconUnplugged size={22} />}
            title="This person did not arrive"
            actions={<Button onClick={() => void refetch()}>Try again</Button>}
          >
            The directory cannot be reached. Check your connection.
          </Message>
        )}
      </>,
      'Not found',
    );
  }

  const writable = isGone ? [] : writableFields(me, person);
  const facts = <Facts person={person} />;
  return frame(
    <>
      <div className={classes.head}>
        <Avatar id={person.id} name={person.name} url={person.avatarUrl} size="large" />
        <div className={classes.who}>
          <h2 ref={heading} id="person-name" className={classes.name} tabIndex={-1} dir="auto">
            {person.name}
          </h2>
          <div className={classes.line}>
            <RoleName role={person.role} />
            <LastActive at={person.lastActive} lead="Active" />
            {person.status === 'disabled' && <span className={classes.disabled}>Cannot sign in</span>}
          </div>
        </div>
      </div>
      {isGone && (
        <p className={classes.gone} role="alert">
          <IconAlert size={16} aria-hidden="true" />
          This person was just deleted. What you see is how they were.
        </p>
      )}
      {person.email !== undefined && person.preferences !== undefined ? (
        <PersonForm person={person} writable={writable}>
          {facts}
        </PersonForm>
      ) : (
        <div className={classes.readOnly}>{facts}</div>
      )}
    </>,
    person.name,
  );
}

function Facts({ person }: { readonly person: Person }) {
  return (
    <dl className={classes.facts}>
      {person.createdAt !== undefined && (
        <div>
          <dt>In the directory since</dt>
          <dd>{fullDate(person.createdAt)}</dd>
        </div>
      )}
      {person.updatedAt !== undefined && (
        <div>
          <dt>Last changed</dt>
          <dd>
            <RelativeTime at={person.updatedAt} />
          </dd>
        </div>
      )}
      <div>
        <dt>Version</dt>
        <dd>{person.version}</dd>
      </div>
      <div>
        <dt>Id</dt>
        <dd className={classes.id}>{person.id}</dd>
      </div>
    </dl>
  );
}

function listedPerson(state: RootState, id: string): Person | undefined {
  for (const { data } of api.util.selectEntriesForEndpoint(state, 'getUsersInfinite')) {
    for (const page of data?.pages ?? []) {
      const found = page.users.find((person) => person.id === id);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
