/// The location of an object: `s3://bucket/key`.
package struct ObjectLocation: Sendable, Equatable {
    /// 3...63 lower-case letters, digits, dots and hyphens.
    package let bucket: String
    /// 1...1,024 bytes of UTF-8, without NUL.
    package let key: String

    /// - Returns: nil when bucket or key break S3's naming rules.
    /// - Source: Amazon S3 User Guide, "General purpose bucket naming rules" and "Naming Amazon S3 objects".
    package init?(bucket: String, key: String) {
        let bytes = Array(bucket.utf8)
        guard Self.isBucketName(bytes), Self.isKey(key) else { return nil }
        self.bucket = bucket
        self.key = key
    }

    package static func isKey(_ key: String) -> Bool { (1...1024).contains(key.utf8.count) && !key.utf8.contains(0) }

    static func isBucketName(_ bytes: [UInt8]) -> Bool {
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        func isAlphanumeric(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
            && !zip(bytes, bytes.dropFirst()).contains { $0 == 0x2E && $1 == 0x2E }
    }
}

/// Why an object could not be read or written.
package enum ObjectError: Error, Sendable, Equatable {
    case absent
    /// The reason is for the operator.
    case unavailable(String)
}

/// Objects by bucket and key: the target of exports, the source of imports.
package protocol ObjectPort: Sendable {
    /// Replaces the object as a whole: a reader sees the old bytes or the new ones. Durable on return.
    func put(_ bytes: [UInt8], at location: ObjectLocation) async throws(ObjectError)
    func get(_ location: ObjectLocation) async throws(ObjectError) -> [UInt8]
    /// A piece of an object: fewer than `count` bytes at its end, none beyond it.
    func get(_ location: ObjectLocation, from offset: Int, count: Int) async throws(ObjectError) -> [UInt8]
    /// An object's size in bytes.
    func size(of location: ObjectLocation) async throws(ObjectError) -> Int
    /// Whether the bucket exists, even if it is empty.
    func hasBucket(_ bucket: String) async throws(ObjectError) -> Bool
    /// Deletes an object; as in S3, an absent object is no error.
    func delete(_ location: ObjectLocation) async throws(ObjectError)
    /// Keys that begin with `prefix` after `startAfter`, in byte order; at most `limit` of them, 1...1,000.
    func list(
        bucket: String, prefix: String, startAfter: String, limit: Int
    ) async throws(ObjectError) -> [String]
}

/// No objects at all: for a service without this port.
package struct NoObjects: ObjectPort {
    package init() {}

    private static let reason = "this service was given no place for objects"

    package func put(_ bytes: [UInt8], at location: ObjectLocation) async throws(ObjectError) {
        throw .unavailable(Self.reason)
    }

    package func get(_ location: ObjectLocation) async throws(ObjectError) -> [UInt8] {
        throw .unavailable(Self.reason)
    }

    package func get(
        _ location: ObjectLocation, from offset: Int, count: Int
    ) async throws(ObjectError) -> [UInt8] {
        throw .unavailable(Self.reason)
    }

    package func size(of location: ObjectLocation) async throws(ObjectError) -> Int {
        throw .unavailable(Self.reason)
    }

    package func hasBucket(_ bucket: String) async throws(ObjectError) -> Bool {
        throw .unavailable(Self.reason)
    }

    package func delete(_ location: ObjectLocation) async throws(ObjectError) {
        throw .unavailable(Self.reason)
    }

    package func list(
        bucket: String, prefix: String, startAfter: String, limit: Int
    ) async throws(ObjectError) -> [String] {
        throw .unavailable(Self.reason)
    }
}
