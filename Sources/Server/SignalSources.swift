internal import Dispatch

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Handlers of signals that may do anything: they run on a queue, not in the middle of what the signal interrupts.
package enum SignalSources {
    /// From now on runs `handler` with the number of each of these signals that arrives, instead of their default
    /// actions. The sources live as long as the process.
    ///
    /// Until this returns, a signal has its default action; afterwards none is lost. Different signals may run
    /// `handler` at the same time.
    package static func handle(_ numbers: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) {
        let isRegistered = DispatchGroup()
        for number in numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { withExtendedLifetime(source) { handler(number) } }
            isRegistered.enter()
            source.setRegistrationHandler { isRegistered.leave() }
            source.resume()
        }
        isRegistered.wait()
        #if canImport(Darwin)
        // On macOS the default action must be ignored for a source to see its signal; doing so any earlier would lose a
        // signal. On Linux the source installs a handler of its own.
        for number in numbers { signal(number, SIG_IGN) }
        #endif
    }
}
