#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Numeric addresses, in the form in which certificates contain them.
package enum NumericAddress {
    /// The 4 or 16 bytes of a numeric address, or nil for a name.
    package static func bytes(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            let isParsed = unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) } == 1
            if isParsed { return bytes }
        }
        return nil
    }
}
