internal import ServiceModel

/// The width and the height of an image, from its header.
/// - Source: the specifications of the formats: PNG's IHDR, GIF's screen descriptor, WebP's VP8, VP8L and VP8X chunks,
///   JPEG's SOF segments.
struct ImageSize: Equatable {
    let width: Int
    let height: Int

    /// nil when the format is not one that models accept, or the bytes end before the size.
    /// - Complexity: O(segments before a JPEG's first frame), else O(1).
    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), bytes.count >= 24 {
            self.init(Self.big(bytes, 16, 4), Self.big(bytes, 20, 4))
        } else if bytes.starts(with: Array("GIF8".utf8)), bytes.count >= 10 {
            self.init(Self.little(bytes, 6, 2), Self.little(bytes, 8, 2))
        } else if bytes.starts(with: Array("RIFF".utf8)), bytes.count >= 30 {
            self.init(webP: bytes)
        } else if bytes.starts(with: [0xFF, 0xD8]) {
            self.init(jpeg: bytes)
        } else {
            return nil
        }
    }

    private init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    private init?(webP bytes: [UInt8]) {
        switch bytes[12..<16] {
        case Array("VP8 ".utf8)[...]:
            self.init(Self.little(bytes, 26, 2) & 0x3FFF, Self.little(bytes, 28, 2) & 0x3FFF)
        case Array("VP8L".utf8)[...]:
            let bits = Self.little(bytes, 21, 4)
            self.init((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case Array("VP8X".utf8)[...]:
            self.init(Self.little(bytes, 24, 3) + 1, Self.little(bytes, 27, 3) + 1)
        default: return nil
        }
    }

    private init?(jpeg bytes: [UInt8]) {
        var place = 2
        while place + 9 <= bytes.count, bytes[place] == 0xFF {
            let kind = bytes[place + 1]
            // A frame header; C4, C8 and CC are tables.
            if (0xC0...0xCF).contains(kind), kind != 0xC4, kind != 0xC8, kind != 0xCC {
                self.init(Self.big(bytes, place + 7, 2), Self.big(bytes, place + 5, 2))
                return
            }
            // Fill bytes, and markers without a segment.
            if kind == 0xFF {
                place += 1
            } else if kind == 0x01 || (0xD0...0xD7).contains(kind) {
                place += 2
            } else {
                place += 2 + max(2, Self.big(bytes, place + 2, 2))
            }
        }
        return nil
    }

    private static func big(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
        bytes[place..<place + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func little(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
        bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// The format of an image from its first bytes, which often differs from the declared one.
enum ImageKind: String {
    case png, gif, webp, jpeg

    /// nil when the format is not one that models accept.
    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = .png
        } else if bytes.starts(with: Array("GIF8".utf8)) {
            self = .gif
        } else if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            self = .webp
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else {
            return nil
        }
    }

    /// Refuses an image whose format differs from the declared one; an unknown format passes.
    /// - Source: the sentence that users of Claude report, also for Converse.
    static func check(_ bytes: [UInt8], isCalled name: String, at place: String) throws(ServiceError) {
        guard let kind = ImageKind(bytes), kind.rawValue != name else { return }
        throw .invalid(
            "\(place): The image was specified using the image/\(name) media type, but the image appears to be a "
                + "image/\(kind.rawValue) image")
    }
}
