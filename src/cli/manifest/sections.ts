/** What a manifest has, in the order in which it is sent. */
export const sections = ['assets', 'profiles', 'rules', 'machines'] as const;
export type Section = (typeof sections)[number];
