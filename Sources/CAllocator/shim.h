// Swift's Glibc module leaves the allocator's settings out.
#if defined(__GLIBC__) || __has_include(<malloc.h>)
#include <malloc.h>
#endif
