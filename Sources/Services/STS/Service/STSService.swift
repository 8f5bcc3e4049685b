package import Primitives
internal import STSModel
package import ServiceKit

/// AWS Security Token Service: who a caller is, and temporary keys.
package final class STSService: STSOperations {
    let identity: any IdentityPort
    let clock: any WallClock

    package init(identity: any IdentityPort, clock: any WallClock) {
        self.identity = identity
        self.clock = clock
    }
}
