import Foundation
import Inference
import Primitives
import TestSupport

/// Writes small GGUF files for the reader's tests: lawful ones, and with `bytes` changed afterwards unlawful ones.
///
/// Models that an engine can run come from Tests/Acceptance/support/gguf_writer.py; here it is about the format alone.
struct GGUFBuilder {
    /// A value of the metadata, with its type.
    enum Value {
        case number(GGUFValueType, UInt64)
        case text(String)
        case numbers(GGUFValueType, [UInt64])
        case texts([String])
        /// The bytes of a value of this type, as they stand.
        case raw(UInt32, [UInt8])
    }

    struct Tensor {
        var name: String
        var dimensions: [UInt64]
        var type: UInt32 = TensorType.f32.rawValue
        /// Its place in the data; nil puts it where it is due.
        var offset: UInt64?
        /// Its size; nil is what its type and dimensions need.
        var byteCount: UInt64?

        var size: UInt64 {
            if let byteCount = self.byteCount { return byteCount }
            let elements = self.dimensions.reduce(1, &*)
            return TensorType(rawValue: self.type)?.bytes(elements: elements) ?? 0
        }
    }

    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    var alignment: UInt64 = 32
    var values: [(String, Value)] = [("general.architecture", .text("llama"))]
    var tensors: [Tensor] = []
    /// Announced instead of the true counts.
    var tensorCount: UInt64?
    var metadataCount: UInt64?

    var bytes: [UInt8] {
        var out = self.magic + Self.little(UInt64(self.version), 4)
        out += Self.little(self.tensorCount ?? UInt64(self.tensors.count), 8)
        out += Self.little(self.metadataCount ?? UInt64(self.values.count), 8)
        for (key, value) in self.values {
            out += Self.text(key)
            switch value {
            case .number(let type, let bits): out += Self.little(UInt64(type.rawValue), 4) + Self.number(type, bits)
            case .text(let text): out += Self.little(8, 4) + Self.text(text)
            case .numbers(let type, let numbers):
                out += Self.little(9, 4) + Self.little(UInt64(type.rawValue), 4)
                out += Self.little(UInt64(numbers.count), 8) + numbers.flatMap { Self.number(type, $0) }
            case .texts(let texts):
                out += Self.little(9, 4) + Self.little(8, 4) + Self.little(UInt64(texts.count), 8)
                out += texts.flatMap(Self.text)
            case .raw(let type, let bytes): out += Self.little(UInt64(type), 4) + bytes
            }
        }
        var due: UInt64 = 0
        for tensor in self.tensors {
            out += Self.text(tensor.name) + Self.little(UInt64(tensor.dimensions.count), 4)
            out += tensor.dimensions.flatMap { Self.little($0, 8) } + Self.little(UInt64(tensor.type), 4)
            out += Self.little(tensor.offset ?? due, 8)
            due = self.padded(due &+ tensor.size)
        }
        if !self.tensors.isEmpty {
            let end = self.padded(UInt64(out.count)) + min(due, 1 << 20)
            out += [UInt8](repeating: 0, count: Int(end) - out.count)
        }
        return out
    }

    private func padded(_ count: UInt64) -> UInt64 { (count &+ self.alignment &- 1) / self.alignment * self.alignment }

    static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func text(_ text: String) -> [UInt8] { self.little(UInt64(text.utf8.count), 8) + Array(text.utf8) }

    private static func number(_ type: GGUFValueType, _ bits: UInt64) -> [UInt8] {
        switch type {
        case .uint8, .int8, .bool: self.little(bits, 1)
        case .uint16, .int16: self.little(bits, 2)
        case .uint32, .int32, .float32: self.little(bits, 4)
        default: self.little(bits, 8)
        }
    }
}

extension GGUFFile {
    /// The size of the tensors, without padding.
    var tensorBytes: UInt64 { self.tensors.reduce(0) { $0 + $1.byteCount } }
}

extension ScratchFolder {
    /// Writes a file and gives its path.
    func write(_ bytes: [UInt8], _ name: String = "model.gguf") throws -> String {
        let path = "\(self.path)/\(name)"
        try Disk.createDirectory(Files.parent(of: path))
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    func open(_ builder: GGUFBuilder, _ name: String = "model.gguf") throws -> GGUFFile {
        try GGUFFile.open(self.write(builder.bytes, name))
    }

    /// Why a file is refused.
    func refusal(_ bytes: [UInt8]) throws -> GGUFError? {
        let path = try self.write(bytes)
        do throws(GGUFError) {
            _ = try GGUFFile.open(path)
            return nil
        } catch {
            return error
        }
    }
}
