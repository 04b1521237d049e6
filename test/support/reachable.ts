import { root } from "./cli.ts";

/** In a guest's script: the checkout may lie where its owner alone may look (`mktemp -d`); what other users of the guest run is in it. The host's folders stay as they are. */
export const reachable = `folder=${root}; while [ "$folder" != / ]; do chmod a+x "$folder"; folder=$(dirname "$folder"); done`;
