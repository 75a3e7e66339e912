import { runTask, say } from './task.js';

const ORDERS = [
  { customer: 'Luigi', pizzas: ['margherita'] },
  { customer: 'Peach', pizzas: ['funghi', 'napoli'] },
  { customer: 'Toad', pizzas: ['diavola', 'marinara', 'margherita'] },
];

/** May be run again: where there are orders, none is added. */
await runTask(async (store) => {
  if ((await store.list(1)).length > 0) return say('there are orders already: none is added');
  for (const order of ORDERS) say(`placed ${(await store.place(order)).id} for ${order.customer}`);
});
