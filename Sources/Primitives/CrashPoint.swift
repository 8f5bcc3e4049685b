internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Named places at which the process can be made to die as if by `kill -9`, so that crash tests run on the release
/// binary: `BRUME_CRASH_AT=store.group.beforeWrite`, or `BRUME_CRASH_AT=store.group.beforeWrite:17` for the 17th time.
///
/// The variable is read once, at the first crash point that is reached; without it a crash point costs one comparison.
package enum CrashPoint {
    private final class Armed: Sendable {
        let name: String
        let remaining: Atomic<Int>

        init(name: String, count: Int) {
            self.name = name
            self.remaining = Atomic(count)
        }
    }

    private static let armed: Armed? = {
        guard let raw = unsafe getenv("BRUME_CRASH_AT") else { return nil }
        let setting = unsafe String(cString: raw)
        guard let colon = setting.lastIndex(of: ":"), let count = Int(setting[setting.index(after: colon)...]) else {
            return setting.isEmpty ? nil : Armed(name: setting, count: 1)
        }
        return Armed(name: String(setting[..<colon]), count: max(1, count))
    }()

    /// Kills the process here, without any cleanup, if `BRUME_CRASH_AT` names this place.
    package static func reach(_ name: String) {
        guard let armed = Self.armed, armed.name == name else { return }
        guard armed.remaining.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { return }
        kill(getpid(), SIGKILL)
    }
}
