/** A store, ready to be asked. */
import { type StoreAddress, storeAddress } from './address.ts';
import { StoreClient } from './client.ts';

/** Runs `work` with a connection to a store that has tables of this version. Throws CaptureError. */
export async function withStore<T>(name: string, work: (client: StoreClient, address: StoreAddress) => Promise<T>): Promise<T> {
  const address = storeAddress(name);
  const client = new StoreClient(address);
  try {
    await client.check();
    return await work(client, address);
  } finally {
    await client.close();
  }
}
