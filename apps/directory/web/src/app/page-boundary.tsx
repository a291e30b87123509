import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Component } from 'react';
import { IconAlert } from '../ui/icons.ts';
import { Message } from '../ui/message.tsx';
import classes from './splash.module.css';

/** Stands in for pages that could not be loaded or drawn. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <main className={classes.centre}>
        <Message
          role="alert"
          icon={<IconAlert size={22} />}
          title="This page could not be shown"
          actions={<Button onClick={() => window.location.reload()}>Load it again</Button>}
        >
          A part of the application did not arrive, or a newer version was installed meanwhile. What was saved
          is safe.
        </Message>
      </main>
    );
  }
}
