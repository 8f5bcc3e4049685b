internal import Crypto

/// The checksum that exports list for their files; not for security.
package enum ContentMD5 {
    /// 16 bytes.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        Array(Insecure.MD5.hash(data: bytes))
    }
}
