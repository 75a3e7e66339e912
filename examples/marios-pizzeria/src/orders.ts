export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly pizzas: readonly string[];
  readonly status: Status;
  readonly late: boolean;
  readonly placedAt: Date;
  readonly readyAt: Date | null;
}

export type Status = 'placed' | 'ready';
export type NewOrder = Pick<Order, 'customer' | 'pizzas'>;

/** Something that happened to an order, which somebody else has to hear of. */
export interface Event {
  readonly kind: EventKind;
  readonly order: Order;
}

export type EventKind = 'order.placed' | 'order.ready' | 'order.late';

export const MENU = ['margherita', 'marinara', 'napoli', 'funghi', 'diavola'];
const MOST_PIZZAS = 20;

/** The order in a request's body, or what is wrong with it. */
export function orderFrom(body: unknown): NewOrder | { readonly problems: readonly string[] } {
  const { customer, pizzas } = { ...(body as { customer?: unknown; pizzas?: unknown } | null) };
  const problems: string[] = [];
  if (
    typeof customer !== 'string' ||
    customer.trim() === '' ||
    customer.length > 100 ||
    customer.includes('\0')
  )
    problems.push('customer must be a name of at most 100 letters');
  const list: readonly unknown[] = Array.isArray(pizzas) ? pizzas : [];
  if (list.length === 0 || list.length > MOST_PIZZAS)
    problems.push(`pizzas must be a list of 1 to ${MOST_PIZZAS}`);
  else if (!list.every((pizza) => typeof pizza === 'string' && MENU.includes(pizza)))
    problems.push(`each pizza must be one of ${MENU.join(', ')}`);
  if (problems.length > 0) return { problems };
  return { customer: String(customer).trim(), pizzas: list.map(String) };
}
