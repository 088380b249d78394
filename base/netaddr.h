#pragma once

#include <stdbool.h>

struct sockaddr;

/*
 * True when an address belongs to the public internet, as far as the IANA
 * special-purpose registries of IPv4 and IPv6 say: nothing private, loopback,
 * link-local, shared, multicast, reserved or for documentation. An IPv6
 * address that carries an IPv4 one (mapped, NAT64) is as public as that is;
 * tunnels that hide one (6to4, Teredo) and other families are never public.
 */
bool netaddr_is_public(const struct sockaddr *addr);
