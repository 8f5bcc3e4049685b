internal import Primitives
internal import Signing

/// The file of the key that the processes of a cluster share.
package enum ClusterKeyFile {
    /// Makes a new key in a file that only its owner can read.
    /// - Throws: if the file exists, so that a key in use is not replaced by mistake.
    package static func make(at path: String) throws(StartError) {
        guard Files.facts(path) == nil else {
            throw StartError(.configuration, "\(path) exists already; remove it first to create another key")
        }
        let random = SystemRandomSource()
        do throws(FileError) {
            try Files.createDirectories(above: path)
            try Files.replace(
                path, with: Array(ClusterKey.newText(random: random).utf8), mode: 0o600,
                temporarySuffix: Hex.encode(random.bytes(8)))
        } catch {
            throw StartError(.dataDirectory, "the cluster key cannot be written: \(error.sentence)")
        }
    }

    /// The key, with room for line ends that an editor may add.
    private static let bytesMax = 1024

    static func read(_ path: String) throws(StartError) -> ClusterKey {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try Files.read(path, bytesMax: self.bytesMax)
        } catch .absent {
            throw StartError(
                .configuration, "\(path): there is no such file; `brume keys cluster --file \(path)` creates one")
        } catch {
            throw StartError(.configuration, "the cluster key cannot be read: \(error.sentence)")
        }
        guard let key = ClusterKey(text: String(decoding: bytes, as: UTF8.self)) else {
            throw StartError(.configuration, "\(path) is not a cluster key, which has 64 hexadecimal digits")
        }
        return key
    }
}
