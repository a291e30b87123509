import { Menu, useMantineColorScheme } from '@mantine/core';
import { api, useSignOutMutation } from '../../app/api.ts';
import { useAppDispatch } from '../../app/hooks.ts';
import { noteSession } from '../../app/session-hint.ts';
import { useSessionPerson } from '../../app/session.ts';
import { sessionEnded } from '../../app/session-slice.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { IconDark, IconLight, IconSignOut, IconSystem } from '../../ui/icons.ts';
import classes from './account-menu.module.css';

const schemes = [
  { value: 'light', label: 'Light', Icon: IconLight },
  { value: 'dark', label: 'Dark', Icon: IconDark },
  { value: 'auto', label: 'As the system', Icon: IconSystem },
] as const;

/** The signed-in person, how the application looks to them, and the way out. */
export function AccountMenu() {
  const person = useSessionPerson();
  const dispatch = useAppDispatch();
  const [signOut, { isLoading }] = useSignOutMutation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  async function leave(): Promise<void> {
    // Whether or not the server could be told: on this machine the session is over, and nothing of it stays.
    await signOut();
    noteSession(false);
    dispatch(sessionEnded('signed-out'));
    dispatch(api.util.resetApiState());
  }

  return (
    <Menu position="bottom-end" width={232} offset={6}>
      <Menu.Target>
        <button type="button" className={classes.button} aria-label={`Account of ${person.name}`}>
          <Avatar id={person.id} name={person.name} url={person.avatarUrl} />
          <span className={classes.name} dir="auto">
            {person.name}
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown aria-label="Account">
        <div className={classes.who}>
          <div className={classes.fullName} dir="auto">
            {person.name}
          </div>
          {person.email !== undefined && <div className={classes.email}>{person.email}</div>}
        </div>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(value) => {
            const scheme = schemes.find((one) => one.value === value);
            if (scheme !== undefined) setColorScheme(scheme.value);
          }}
        >
          {schemes.map(({ value, label, Icon }) => (
            <Menu.RadioItem key={value} value={value} rightSection={<Icon size={16} aria-hidden="true" />}>
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconSignOut size={16} aria-hidden="true" />}
          disabled={isLoading}
          onClick={() => void leave()}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
