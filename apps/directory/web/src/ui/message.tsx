import type { ReactNode } from 'react';
import classes from './message.module.css';

interface MessageProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly children?: ReactNode;
  /** The ways out. */
  readonly actions?: ReactNode;
  /** An alert is spoken at once; a status when the reader pauses. */
  readonly role?: 'status' | 'alert';
}

/** Fills the place of something that is not there, says why, and offers a way out. */
export function Message({ icon, title, children, actions, role = 'status' }: MessageProps) {
  return (
    <div className={classes.message} role={role}>
      <span className={classes.icon} aria-hidden="true">
        {icon}
      </span>
      <h2 className={classes.title}>{title}</h2>
      {children !== undefined && <div className={classes.text}>{children}</div>}
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </div>
  );
}
