/**
 * How a machine is sent on to its own disk. `exit`: iPXE ends as if all were well; `fail`: it ends with an error, at which UEFI
 * goes on to its next boot option; `sanboot`: iPXE starts the first BIOS drive itself; `404`: it is told that there is nothing
 * for it, so that what asked fails.
 */
export const diskWays = ['exit', 'fail', 'sanboot', '404'] as const;
export type DiskWay = (typeof diskWays)[number];
