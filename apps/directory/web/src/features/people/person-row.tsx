import { ACTIVE_MS } from '@directory/contract';
import { memo, useRef } from 'react';
import type { Person } from '../../app/types.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { languageName } from '../../ui/locale.ts';
import { RelativeTime, useIsWithin } from '../../ui/relative-time.tsx';
import classes from './people-table.module.css';
import { RoleName } from './roles.tsx';
import { useHighlight } from './use-highlight.ts';

interface PersonRowProps {
  readonly person: Person;
  /** Place in the list, from 0. */
  readonly index: number;
  /** Distance from the list's start, in pixels. */
  readonly top: number;
  /** The row that the keyboard is on. */
  readonly isCursor: boolean;
  /** The row whose person is open beside the list. */
  readonly isOpen: boolean;
  /** Something typed into the person's form was not saved. */
  readonly hasDraft: boolean;
}

/**
 * One person of the list. Renders only when one of its own properties changes; clicks and keys are the table's. The first
 * row of a grid is its heading, so the first person is the second row.
 */
export const PersonRow = memo(function PersonRow(props: PersonRowProps) {
  const { person, index, top, isCursor, isOpen, hasDraft } = props;
  const row = useRef<HTMLDivElement>(null);
  const { name, email, role, preferences } = person;
  useHighlight(row, { name, email, role, language: preferences?.language });
  return (
    <div
      ref={row}
      id={rowId(index)}
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      data-person={person.id}
      data-cursor={isCursor || undefined}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div className={classes.cell} role="gridcell" data-column="name">
        <Avatar id={person.id} name={name} url={person.avatarUrl} />
        <div className={classes.naming}>
          <a
            className={classes.name}
            href={`/people/${person.id}`}
            tabIndex={-1}
            dir="auto"
            data-field="name"
          >
            {name}
          </a>
          <span className={classes.under}>
            <RoleName role={role} />
            {email !== undefined && <span className={classes.underEmail}>{email}</span>}
          </span>
        </div>
        {person.status === 'disabled' && <span className={classes.disabled}>Disabled</span>}
        {hasDraft && <span className={classes.draft}>Not saved</span>}
      </div>
      <div className={classes.cell} role="gridcell" data-column="email">
        <span className={classes.text} data-field="email">
          {email}
        </span>
      </div>
      <div className={classes.cell} role="gridcell" data-column="role">
        <span className={classes.text} data-field="role">
          <RoleName role={role} />
        </span>
      </div>
      <div className={classes.cell} role="gridcell" data-column="language">
        <span className={classes.text} data-field="language">
          {preferences === undefined ? '' : languageName(preferences.language)}
        </span>
      </div>
      <div className={classes.cell} role="gridcell" data-column="lastActive">
        <LastActive at={person.lastActive} />
      </div>
    </div>
  );
});

export function rowId(index: number): string {
  return `person-row-${index}`;
}

/** When somebody was last here; a dot says that it was within a day, which is what the list calls active. */
export function LastActive({ at, lead }: { readonly at: string; readonly lead?: string }) {
  const isActive = useIsWithin(at, ACTIVE_MS);
  return (
    <span className={classes.time} data-active={isActive || undefined}>
      <span>
        {lead} <RelativeTime at={at} />
      </span>
    </span>
  );
}
