import { Button } from '@mantine/core';
import { IconAlert } from '../ui/icons.ts';
import { Message } from '../ui/message.tsx';
import classes from './splash.module.css';

/** Stands in for a page that could not be loaded or drawn. */
export function PageFailed() {
  return (
    <main className={classes.centre}>
      <Message
        role="alert"
        icon={<IconAlert size={22} />}
        title="This page could not be shown"
        actions={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      >
        Part of the application did not arrive, or a newer version was installed meanwhile. Saved changes are safe.
      </Message>
    </main>
  );
}
