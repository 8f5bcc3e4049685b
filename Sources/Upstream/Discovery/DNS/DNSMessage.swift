/// The record type of a question.
package enum DNSRecordType: UInt16, Sendable {
    case address = 1
    case alias = 5
    case address6 = 28
    case service = 33
}

/// The data of a record.
package enum DNSRecordData: Sendable, Equatable {
    /// A numeric address, as text.
    case address(String)
    case address6(String)
    case alias(DNSName)
    case service(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
}

/// A resource record with its lifetime.
package struct DNSRecord: Sendable {
    package let name: DNSName
    package let data: DNSRecordData
    package let seconds: UInt32
}

/// Why bytes are not an answer to a question.
package enum DNSFault: Error, Sendable, Equatable {
    /// They are truncated, contain a pointer loop, or are otherwise invalid.
    case malformed
    /// They answer another question.
    case foreign
}

/// DNS questions and answers (RFC 1035, RFC 2782, RFC 3596): only what service discovery needs. Records of other types
/// are ignored.
package struct DNSMessage: Sendable {
    /// The largest UDP answer that we accept: it passes every network without fragmentation (RFC 9715).
    package static let datagramBytesMax = 1232
    /// Records in all sections together; a message with more is malformed.
    package static let recordCountMax = 1024
    /// Compression pointers followed in one name.
    private static let pointerCountMax = 64

    /// The server's response code.
    package enum Status: Sendable, Equatable {
        case found
        /// The name does not exist (NXDOMAIN).
        case noSuchName
        /// Any other response code: the server does not know.
        case failed(UInt8)
    }

    package let status: Status
    /// Truncated (TC): ask again over TCP.
    package let isCut: Bool
    package let answers: [DNSRecord]
    /// The additional section: often the addresses of SRV targets.
    package let additional: [DNSRecord]

    package static func question(id: UInt16, _ name: DNSName, _ type: DNSRecordType) -> [UInt8] {
        // One question, one additional record, recursion desired.
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 0xFF), 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]
        for label in name.labels {
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        bytes += [0, UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF), 0, 1]
        // EDNS (RFC 6891): the size of the largest answer that we accept.
        bytes += [0, 0, 41, UInt8(self.datagramBytesMax >> 8), UInt8(self.datagramBytesMax & 0xFF), 0, 0, 0, 0, 0, 0]
        return bytes
    }

    /// Parses the answer to a question.
    package init(_ bytes: [UInt8], id: UInt16, _ name: DNSName, _ type: DNSRecordType) throws(DNSFault) {
        var reader = Reader(bytes: bytes)
        guard try reader.short() == id else { throw .foreign }
        let flags = try reader.short()
        // A response, to a standard query.
        guard flags & 0x8000 != 0, flags & 0x7800 == 0 else { throw .foreign }
        self.isCut = flags & 0x0200 != 0
        let code = UInt8(flags & 0x000F)
        self.status = code == 0 ? .found : (code == 3 ? .noSuchName : .failed(code))
        let questionCount = try reader.short()
        let counts = [try reader.short(), try reader.short(), try reader.short()].map { Int($0) }
        guard counts.reduce(0, +) <= Self.recordCountMax else { throw .malformed }
        guard questionCount == 1, try reader.name() == name, try reader.short() == type.rawValue,
            try reader.short() == 1
        else { throw .foreign }
        guard !self.isCut else {
            // A truncated message may end anywhere.
            self.answers = []
            self.additional = []
            return
        }
        self.answers = try reader.records(counts[0])
        _ = try reader.records(counts[1])
        self.additional = try reader.records(counts[2])
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        mutating func byte() throws(DNSFault) -> UInt8 {
            guard self.index < self.bytes.count else { throw .malformed }
            defer { self.index += 1 }
            return self.bytes[self.index]
        }

        mutating func short() throws(DNSFault) -> UInt16 {
            UInt16(try self.byte()) << 8 | UInt16(try self.byte())
        }

        mutating func long() throws(DNSFault) -> UInt32 {
            UInt32(try self.short()) << 16 | UInt32(try self.short())
        }

        mutating func take(_ count: Int) throws(DNSFault) -> ArraySlice<UInt8> {
            guard count <= self.bytes.count - self.index else { throw .malformed }
            defer { self.index += count }
            return self.bytes[self.index..<self.index + count]
        }

        /// Parses a name, which consists of labels and of pointers to earlier positions.
        mutating func name() throws(DNSFault) -> DNSName {
            var labels: [String] = []
            var length = 1
            var end: Int?
            var pointers = 0
            while true {
                let start = self.index
                let count = try self.byte()
                if count == 0 { break }
                switch count & 0xC0 {
                case 0xC0:
                    let target = Int(count & 0x3F) << 8 | Int(try self.byte())
                    end = end ?? self.index
                    pointers += 1
                    // Only backwards, so that there can be no loop.
                    guard target < start, pointers <= DNSMessage.pointerCountMax else { throw .malformed }
                    self.index = target
                case 0:
                    length += Int(count) + 1
                    guard length <= DNSName.bytesMax else { throw .malformed }
                    labels.append(String(decoding: try self.take(Int(count)), as: UTF8.self).lowercased())
                default: throw .malformed
                }
            }
            if let end { self.index = end }
            return DNSName(labels: labels)
        }

        mutating func records(_ count: Int) throws(DNSFault) -> [DNSRecord] {
            var records: [DNSRecord] = []
            for _ in 0..<count {
                let name = try self.name()
                let (type, kind, seconds) = (try self.short(), try self.short(), try self.long())
                let end = Int(try self.short()) + self.index
                guard end <= self.bytes.count else { throw .malformed }
                // A TTL with its highest bit set means zero (RFC 2181, 8).
                let lifetime = seconds > UInt32(Int32.max) ? 0 : seconds
                if kind == 1, let data = try self.data(type, end: end) {
                    records.append(DNSRecord(name: name, data: data, seconds: lifetime))
                }
                self.index = end
            }
            return records
        }

        private mutating func data(_ type: UInt16, end: Int) throws(DNSFault) -> DNSRecordData? {
            let data: DNSRecordData
            switch DNSRecordType(rawValue: type) {
            case nil: return nil
            case .address?:
                data = .address(try self.take(4).map { "\($0)" }.joined(separator: "."))
            case .address6?:
                var groups: [String] = []
                for _ in 0..<8 { groups.append(String(try self.short(), radix: 16)) }
                data = .address6(groups.joined(separator: ":"))
            case .alias?: data = .alias(try self.name())
            case .service?:
                let (priority, weight, port) = (try self.short(), try self.short(), try self.short())
                data = .service(priority: priority, weight: weight, port: port, target: try self.name())
            }
            guard self.index == end else { throw .malformed }
            return data
        }
    }
}
