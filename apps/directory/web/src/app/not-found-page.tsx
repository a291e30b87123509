import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { IconSearch } from '../ui/icons.ts';
import { Message } from '../ui/message.tsx';

export function NotFoundPage() {
  return (
    <main>
      <title>Not found · Directory</title>
      <Message
        icon={<IconSearch size={22} />}
        title="There is nothing at this address"
        actions={
          <Button component={Link} to="/people">
            Show all people
          </Button>
        }
      >
        The link may be old, or a part of it may be missing.
      </Message>
    </main>
  );
}
