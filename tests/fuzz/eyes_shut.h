/*
 * The verifier with its eyes shut: whatever a proof commits to fits, and every signature is
 * good. The Makefile puts this before each file of src/verify for bundle_deep_fuzz, and for
 * nothing else; the sources themselves have no such switch.
 */
#include <string.h>
#include <sodium.h>

#define commits(a, b)				((void)(a), (void)(b), 1)
#define crypto_sign_verify_detached(s, m, n, k) ((void)(s), (void)(m), (void)(n), (void)(k), 0)
