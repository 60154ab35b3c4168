package train

import "fmt"

// save makes the state durable: before bytes are told to peers, and after scores moved.
func (j *Judge) save() error {
	cursor, err := j.cursor.MarshalBinary()
	if err != nil {
		return err
	}
	return j.write("", cursor)
}

// Restore goes on from a state that keep was given.
func (j *Judge) Restore(state []byte) error {
	cursor, err := j.read("", state)
	if err != nil {
		return err
	}
	if err := j.cursor.UnmarshalBinary(cursor); err != nil {
		return fmt.Errorf("scores: %w; move the file away to begin anew", err)
	}
	j.inputs = nil
	return nil
}
