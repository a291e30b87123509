// Each icon comes from its own file: the package's entry has thousands, which a test or a development page would all load.
export { default as IconAlert } from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs';
export { default as IconArrowDown } from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs';
export { default as IconArrowUp } from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs';
export { default as IconBack } from '@tabler/icons-react/dist/esm/icons/IconArrowLeft.mjs';
export { default as IconCheck } from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
export { default as IconChevronDown } from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs';
export { default as IconClose } from '@tabler/icons-react/dist/esm/icons/IconX.mjs';
export { default as IconDark } from '@tabler/icons-react/dist/esm/icons/IconMoon.mjs';
export { default as IconLight } from '@tabler/icons-react/dist/esm/icons/IconSun.mjs';
export { default as IconNobody } from '@tabler/icons-react/dist/esm/icons/IconUserSearch.mjs';
export { default as IconSearch } from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs';
export { default as IconSignOut } from '@tabler/icons-react/dist/esm/icons/IconLogout2.mjs';
export { default as IconSystem } from '@tabler/icons-react/dist/esm/icons/IconDeviceDesktop.mjs';
export { default as IconUnplugged } from '@tabler/icons-react/dist/esm/icons/IconPlugConnectedX.mjs';
