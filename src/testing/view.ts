import type { BrokerServices } from "../broker/context.ts";

/** A broker's services, some replaced: as one node of several, or as a request with another clock sees it. */
export function viewOf(broker: BrokerServices, own: Partial<BrokerServices>): BrokerServices {
  return new Proxy(broker, {
    get(services, name) {
      if (name in own) return Reflect.get(own, name);
      const value = Reflect.get(services, name, services);
      return typeof value === "function" ? value.bind(services) : value;
    },
  });
}
