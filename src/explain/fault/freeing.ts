import type { Machine } from "./machines/index.ts";

/** What frees its first argument, or the one that `others` names. */
const frees = /^(?:k?v?free(?:_(?:sensitive|rcu|const|bulk|large|node))?|kzfree|kvfree\w*|vfree\w*|kfree_skb\w*|__kfree_skb|kfree_skb_reason|sk_skb_reason_drop|__?consume_skb|consume_skb|__consume_stateless_skb|consume_stateless_skb|napi_consume_skb|dev_kfree_skb\w*|__dev_kfree_skb_\w+|dev_consume_skb_\w+|kfree_skb_list\w*|skb_free_\w+|put_device|device_unregister|kobject_put|kref_put|free_netdev|free_page|free_pages|__free_page|__free_pages|put_page|__put_page|folio_put|__folio_put|sock_put|sk_free|dst_release\w*|neigh_destroy|fput|module_put|put_pid|put_task_struct|__put_task_struct|free_percpu|mempool_free|usb_free_urb|usb_put_dev|of_node_put|dev_put|in6?_dev_finish_destroy|crypto_destroy_tfm|release_firmware|bio_put|call_rcu|kvfree_call_rcu|kfree_call_rcu|debugfs_remove|devm_kfree|kfree_link|skb_release_\w+|kfree_skbmem)$/;

/** Which argument is freed, from 0, where it is not the first. */
const others: Readonly<Record<string, number>> = { kmem_cache_free: 1, dma_pool_free: 1, devm_kfree: 1, kmem_cache_free_bulk: 2, sk_skb_reason_drop: 1, dma_free_attrs: 2 };

export function isFreeing(name: string): boolean {
  return name in others || frees.test(name);
}

/** The register of what a function frees; null for one that does not free. */
export function freedRegister(name: string, { given }: Machine): string | null {
  return isFreeing(name) ? given[others[name] ?? 0]! : null;
}

/** The family of what is freed: `skb`, `page`, `memory` or the name itself: an object of one family is freed twice by functions of that family. */
export function freeFamily(name: string): string {
  if (/skb/.test(name)) return "skb";
  if (/page|folio/.test(name)) return "page";
  if (/^(?:k|kv|v|kz)free|^kmem_cache_free/.test(name)) return "memory";
  return name;
}
