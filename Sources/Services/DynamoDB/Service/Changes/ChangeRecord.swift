internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// One change of one item, as stored in a table's change log; read by streams, restores to a point in time and
/// incremental exports.
///
///     format 1 (1) · flags (1) · [length of the old image (4) · old image] · [length of the new image (4) · new image]
///
/// Flags: 1 there is an old image, 2 there is a new one, 4 the change was made by time to live, 8 it came from a
/// replica in another region.
struct ChangeRecord: Sendable, Equatable {
    /// The origin of a change.
    enum Actor: Sendable, Hashable {
        case caller
        /// The sweeper of time to live; streams then name the service as the user.
        case timeToLive
        /// Replication: the change was made in another region first, and is not replicated further.
        case replication
    }

    private static let formatByte: UInt8 = 1
    private static let oldFlag: UInt8 = 1
    private static let newFlag: UInt8 = 2
    private static let timeToLiveFlag: UInt8 = 4
    private static let replicationFlag: UInt8 = 8

    /// The whole item before the change; nil when it was created.
    var old: AttributeMap?
    /// The whole item after the change; nil when it was deleted.
    var new: AttributeMap?
    var actor = Actor.caller

    var encoded: [UInt8] {
        let images = [self.old, self.new].compactMap(\.self)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + images.reduce(0) { $0 + 4 + $1.byteCount })
        var flags: UInt8 = 0
        if self.old != nil { flags |= Self.oldFlag }
        if self.new != nil { flags |= Self.newFlag }
        switch self.actor {
        case .caller: break
        case .timeToLive: flags |= Self.timeToLiveFlag
        case .replication: flags |= Self.replicationFlag
        }
        bytes.append(Self.formatByte)
        bytes.append(flags)
        for image in images {
            BigEndian.append(UInt32(image.byteCount), to: &bytes)
            bytes.append(contentsOf: image.bytes)
        }
        return bytes
    }

    init(old: AttributeMap?, new: AttributeMap?, actor: Actor = .caller) {
        self.old = old
        self.new = new
        self.actor = actor
    }

    /// - Returns: nil when the record is damaged.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2, bytes[0] == Self.formatByte else { return nil }
        let flags = bytes[1]
        var place = 2
        func image(_ flag: UInt8) -> AttributeMap?? {
            guard flags & flag != 0 else { return .some(nil) }
            guard let length = BigEndian.read(UInt32.self, from: bytes, at: place),
                bytes.count - place - 4 >= Int(length)
            else { return nil }
            let start = place + 4
            place = start + Int(length)
            guard let image = AttributeMap(stored: Array(bytes[start..<place])) else { return nil }
            return .some(image)
        }
        guard let old = image(Self.oldFlag), let new = image(Self.newFlag), place == bytes.count,
            old != nil || new != nil
        else { return nil }
        self.old = old
        self.new = new
        if flags & Self.timeToLiveFlag != 0 {
            self.actor = .timeToLive
        } else if flags & Self.replicationFlag != 0 {
            self.actor = .replication
        }
    }
}
