import classes from './connection-state.module.css';
import { useAppSelector } from './hooks.ts';
import type { LiveStatus } from './live-slice.ts';

const words: Readonly<Record<LiveStatus, string>> = {
  off: 'Not connected',
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Reconnecting',
  refused: 'Reload to go on',
};

const explanations: Readonly<Record<LiveStatus, string>> = {
  off: 'Changes by others are not shown.',
  connecting: 'Connecting to the server.',
  live: 'Changes by others appear as they happen.',
  waiting:
    'The server cannot be reached. What you see may be out of date; it is brought up to date by itself.',
  refused: 'The server no longer works with this version of the page. Reload it to get the new one.',
};

/** Says whether what is on screen is up to date. Quiet when it is; a short break in the connection shows nothing. */
export function ConnectionState() {
  const status = useAppSelector((state) => state.live.status);
  return (
    <span className={classes.state} data-status={status} role="status" title={explanations[status]}>
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.words}>{words[status]}</span>
    </span>
  );
}
